//! The event of the dictionary: made up, enriched by the real steps with what is built in. The place and the versions of the
//! data are made up too: they change with every file.

use footfall_processor::enrich::place::Place;
use footfall_processor::enrich::{Enricher, location};
use footfall_processor::row::event_row;
use footfall_schemas::Event;
use footfall_tables::EventRow;
use std::sync::Arc;
use uuid::Uuid;

const EVENT: &str = r#"{"v":1,"id":"01890a5d-ac96-774b-bcce-b302099a8057","site":"shop","type":"page_view","name":"",
    "visitor":"6f1c2a04-8f6e-4d0c-9a3b-2f6f8a5f0c11","session":"0d3c1a52-1c0b-8f6a-9b7d-5d2a4c6e8f10",
    "session_start":1795342800000,"session_reason":"campaign","decision":"cookie","user_id":"ada",
    "page_id":"7b1f0c3e-2d4a-4c5b-8e6f-9a0b1c2d3e4f","seq":1,"attempt":1,
    "time":1795342805123,"ts":1795342804980,"sent_at":1795342805000,"received_at":1795342805143,
    "url":"https://shop.example/item/4711?utm_source=Newsletter&utm_medium=email&utm_campaign=spring&utm_term=t&utm_content=top&utm_id=7&q=red+shoes&fbclid=IwAR0x#photos",
    "title":"Red shoes","referrer":"https://search.naver.com/search.naver?query=shoes","engagement_ms":8200,"scroll":75,
    "screen_w":1920,"screen_h":1080,"viewport_w":1536,"viewport_h":730,"language":"de-at","timezone":"Asia/Calcutta",
    "ip":"203.0.113.0","ip_source":"xff","origin":"https://shop.example",
    "user_agent":"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "accept_language":"de-AT,de;q=0.9",
    "hints":{"ua":"\"Chromium\";v=\"142\"","full":"\"Chromium\";v=\"142.0.7444.60\"","mobile":"?1","platform":"\"Android\"","platform_version":"\"15.0.0\"","model":"\"Pixel 9\""},
    "gpc":true,"dnt":true,"consent":"granted","flags":["late","url_scrubbed"],"props":{"plan":"pro"}}"#;

/// Gives `show` the row of the example.
#[expect(
    clippy::expect_used,
    reason = "the example is a constant, and a test makes the page of it"
)]
pub(super) fn with<T>(show: impl FnOnce(&EventRow<'_>) -> T) -> T {
    let event: Event<'_> = serde_json::from_str(EVENT).expect("the example is an event");
    let enricher = Enricher::built_in();
    let page = location::split(&event.url);
    let mut enriched = enricher.enrich(&event, &page);
    enriched.place = Arc::new(Place {
        country: "AT".to_owned(),
        region: "Vienna".to_owned(),
        city: "Vienna".to_owned(),
        asn: 64_500,
        asn_org: "Example Networks".to_owned(),
    });
    enriched.data = "agents=ua-parser-0.2.2 places=dbip-city-ipv4@20260605 sources=01a9d583";
    let log_id = Uuid::from_u128(0x5e4d_3c2b_1a09_4f8e_9d7c_6b5a_4f3e_2d1c);
    let mut row = event_row(&event, &enriched, log_id, 4_711);
    row.insert_deadline = 1_795_342_815_143;
    show(&row)
}
