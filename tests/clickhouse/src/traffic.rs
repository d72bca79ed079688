//! A month of made-up traffic, made inside the engine: visitors of whom some come often, sessions of one to some dozen
//! events, popular pages, places, devices, sources, machines; more by day than by night.

use clickhouse::Client;
use clickhouse::error::Error;

/// Events of a session in the middle.
const LENGTH: u64 = 7;
const DAYS: u64 = 30;

/// `events`, nearly, of the site `shop`, from 2026-10-23 to 2026-11-21, into the tables of the client's database.
///
/// # Errors
/// The engine's own.
pub async fn make(client: &Client, events: u64) -> Result<(), Error> {
    for day in 0..DAYS {
        let sql = statement(day, events / LENGTH / DAYS);
        client.query_raw(&sql).execute().await?;
    }
    Ok(())
}

fn statement(day: u64, sessions: u64) -> String {
    let week = day / 7;
    format!(
        r"
INSERT INTO events (site,type,name,event_id,visitor_id,session_id,session_start,session_start_reason,decision,user_id,seq,attempt,time,received_at,url,host,path,path_template,title,page_id,referrer,referrer_host,utm_source,utm_medium,utm_campaign,source,medium,channel,referrer_source,country,region,city,asn_org,browser,browser_version,os,os_version,device_type,device_brand,device_model,screen_w,screen_h,language,timezone,user_agent,ip,ip_source,bot_score,bot_reasons,engagement_ms,scroll,log_id,log_seq,insert_deadline,enrich_version)
WITH s AS (
 SELECT number AS n, cityHash64(number, {day}) AS h, cityHash64(number, {day}, 'v') AS hv, 
   least(200, 1 + toUInt32(-log(1 - (h % 1000003)/1000003.) * 6.5)) AS len,
   if(hv % 10 < 4, (bitShiftRight(hv,8)) % 40000, (bitShiftRight(hv,8)) % 900000) AS vis,
   cityHash64(vis,'x') AS hx,
   1792713600+{day}*86400 + toUInt32(least(86399, 43200 + 43200 * (((bitShiftRight(h,20)) % 1000)/1000. + ((bitShiftRight(h,30)) % 1000)/1000. + ((bitShiftRight(h,40))%1000)/1000. - 1.5) / 1.5)) AS start,
   multiIf((bitShiftRight(h,12))%10<4,'',(bitShiftRight(h,12))%10<7,'google',(bitShiftRight(h,12))%10<8,'newsletter',(bitShiftRight(h,12))%10<9,'facebook','bing') AS src
 FROM numbers({sessions})),
e AS (SELECT *, arrayJoin(range(len)) AS k, cityHash64(h,k) AS he,
   (k+1)*20000 + he%15000 AS off,
   least((bitShiftRight(he,8))%2000,(bitShiftRight(he,20))%2000,(bitShiftRight(he,32))%2000) AS page,
   if(k=0,0, he%10) AS ty
 FROM s)
SELECT 'shop', multiIf(ty<5,'page_view',ty<8,'page_leave',ty<9,'click','custom') AS t, if(t='custom',['signup','add_to_cart','search','video'][1+(bitShiftRight(he,3))%4],''),
 generateUUIDv4(), reinterpretAsUUID(concat(reinterpretAsFixedString(cityHash64(vis)),reinterpretAsFixedString(cityHash64(vis,'b')))),
 reinterpretAsUUID(concat(reinterpretAsFixedString(h),reinterpretAsFixedString(cityHash64(n,{day},'s')))),
 fromUnixTimestamp64Milli(toInt64(start)*1000,'UTC'), if(src='','idle','new'),'cookie', if(hx%50=0,concat('user',toString(vis)),''), k%2+1,1,
 fromUnixTimestamp64Milli(toInt64(start)*1000+off,'UTC') AS tm, tm + toIntervalMillisecond(100+he%900),
 concat('https://www.shop.example/section-',toString(page%20),'/article-',toString(page),'-about-something'),'www.shop.example',
 concat('/section-',toString(page%20),'/article-',toString(page),'-about-something'), concat('/section-',toString(page%20),'/:slug'),
 concat('Article ',toString(page),' about something | Example'), reinterpretAsUUID(concat(reinterpretAsFixedString(h),reinterpretAsFixedString(cityHash64(h,intDiv(k,2))))),
 if(k=0 and src!='',concat('https://www.',src,'.com/'),''), if(k=0 and src!='',concat('www.',src,'.com'),''),
 if(k=0 and src='newsletter','newsletter',''), if(k=0 and src='newsletter','email',''), if(k=0 and src='newsletter',concat('week-','{week}'),''),
 if(k=0,if(src='','(direct)',src),''), if(k=0,multiIf(src='','(none)',src='newsletter','email','organic'),''), if(k=0,multiIf(src='','direct',src='newsletter','email',src='facebook','social','organic_search'),''), if(k=0,src,''),
 ['DE','DE','DE','AT','CH','US','US','FR','GB','IT','ES','NL','PL','BR','IN','JP'][1+least(hx%16,(bitShiftRight(hx,8))%16)] AS c, concat(c,'-',toString((bitShiftRight(hx,16))%12)), concat('City ',toString(least((bitShiftRight(hx,16))%400,(bitShiftRight(hx,26))%400))), concat('Net ',toString((bitShiftRight(hx,20))%50)),
 ['Chrome','Chrome','Safari','Firefox','Edge','Samsung Internet'][1+least((bitShiftRight(hx,24))%6,(bitShiftRight(hx,30))%6)], toString(100+(bitShiftRight(hx,32))%40), ['Windows','Android','iOS','macOS','Linux'][1+least((bitShiftRight(hx,34))%5,(bitShiftRight(hx,40))%5)],toString((bitShiftRight(hx,44))%14),
 ['mobile','desktop','tablet'][1+least((bitShiftRight(hx,36))%3,(bitShiftRight(hx,38))%3)],['Apple','Samsung','Google'][1+(bitShiftRight(hx,39))%3],concat('Model ',toString((bitShiftRight(hx,41))%100)),1920,1080,['de-DE','en-US','fr-FR','de-AT'][1+(bitShiftRight(hx,42))%4],'Europe/Berlin',
 concat('Mozilla/5.0 agent ',toString((bitShiftRight(hx,24))%500)), toIPv6(concat('::ffff:203.0.',toString(vis%256),'.0')),'peer', if(hx%33=0,90,0), if(hx%33=0,['bot_word'],[]),
 if(t='page_leave',he%60000,0), if(t='page_leave',he%101,0), toUUID('5e4d3c2b-1a09-4f8e-9d7c-6b5a4f3e2d1c'), {day}*1000000+rowNumberInAllBlocks(), toDateTime64('2100-01-01 00:00:00',3,'UTC'),2
FROM e ORDER BY tm"
    )
}
