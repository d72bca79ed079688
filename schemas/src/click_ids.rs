//! Advertisers' click ids: a new one begins a session at the edge and is a column of the row.

/// Click ids that are recognised, by the name of their parameter. Each is documented by its network: Google Ads
/// (`gclid`, `gbraid`, `wbraid`, `dclid`), Meta, Microsoft, TikTok, X, LinkedIn, Yandex, Reddit, Snapchat, Pinterest, Quora.
pub const CLICK_IDS: [&str; 14] = [
    "gclid",
    "gbraid",
    "wbraid",
    "dclid",
    "fbclid",
    "msclkid",
    "ttclid",
    "twclid",
    "li_fat_id",
    "yclid",
    "rdt_cid",
    "sccid",
    "epik",
    "qclid",
];
