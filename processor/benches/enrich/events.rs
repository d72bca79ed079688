//! Events with the shape of real ones: most go on within the site, some come from elsewhere; a few hundred addresses and
//! user agents.

const REFERRERS: [&str; 10] = [
    "https://shop.example/",
    "https://shop.example/shoes",
    "https://www.shop.example/shoes?page=2",
    "https://shop.example/item/12",
    "",
    "",
    "https://www.google.com/",
    "https://l.facebook.com/l.php?u=x",
    "https://blog.some-site.example/post/1",
    "https://search.naver.com/search.naver?where=nexearch&query=%EC%8B%A0%EB%B0%9C",
];
const PATHS: [&str; 8] = [
    "/",
    "/shoes",
    "/item/NUMBER",
    "/shoes?color=red&size=42&page=2",
    "/blog/2026/11/22/what-is-new",
    "/?utm_source=newsletter&utm_medium=email&utm_campaign=spring",
    "/search?q=red+shoes",
    "/item/red-shoes-NUMBER?gclid=Cj0KCQiAwabcdefghijklmnop",
];
const AGENTS: [&str; 4] = [
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (X11; Linux x86_64; rv:14NUMBER.0) Gecko/20100101 Firefox/14NUMBER.0",
];

/// Events as they stand in the log.
pub(crate) fn texts() -> Vec<String> {
    (0..4_000).map(text).collect()
}

fn text(at: usize) -> String {
    let number = (at % 300).to_string();
    let path = PATHS[at % PATHS.len()].replace("NUMBER", &number);
    let agent = AGENTS[at % AGENTS.len()].replace("NUMBER", &(at % 90 / 4).to_string());
    let referrer = REFERRERS[at / 7 % REFERRERS.len()];
    let ip = format!("{}.{}.{}.0", 1 + at % 223, at * 7 % 256, at * 13 % 40);
    format!(
        r#"{{"v":1,"id":"01890a5d-ac96-774b-bcce-b302099a8057","site":"shop","type":"page_view",
        "visitor":"11111111-1111-4111-8111-111111111111","session":"22222222-2222-4222-8222-222222222222",
        "session_start":1795273445000,"time":1795273445123,"received_at":1795273445456,
        "url":"https://shop.example{path}","referrer":"{referrer}","language":"de-AT","timezone":"Europe/Vienna",
        "accept_language":"de-AT,de;q=0.9","user_agent":"{agent}","ip":"{ip}"}}"#
    )
}
