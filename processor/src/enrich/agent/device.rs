//! What kind of device it is: `desktop`, `mobile`, `tablet`, `tv`, `console`, `watch`, `car`, `xr`; empty if nothing says.
//!
//! uap-core does not tell, so the words of user agents do, in this order: rare kinds first, since their user agents have
//! the words of phones and desktops too. An iPad that asks for desktop pages says that it is a Mac, and is taken at its word.

use super::tokens::any;
use super::uap::Said;

const TV: &[&str] = &[
    "smart-tv",
    "smarttv",
    "smart tv",
    "hbbtv",
    "appletv",
    "apple tv",
    "googletv",
    "google tv",
    "android tv",
    "androidtv",
    "bravia",
    "netcast",
    "web0s",
    "viera",
    "crkey",
    "roku",
    "opera tv",
    "tv safari",
    "nettv",
    "mibox",
    "mitv",
    "large screen",
    "dlnadoc",
    "philipstv",
    "tv bro",
    "; aft",
    "dtv",
    "sonydtv",
    "tv build",
    "aquos-tv",
    "maple",
];
const CONSOLE: &[&str] = &["playstation", "nintendo", "xbox", "psp (", "ouya"];
const WATCH: &[&str] = &["watch", "wearable"];
const CAR: &[&str] = &["tesla/", "qtcarbrowser"];
const XR: &[&str] = &[
    "oculusbrowser",
    "quest 2",
    "quest 3",
    "quest pro",
    "pico neo",
    "mobile vr",
    "visionos",
];
const TABLET: &[&str] = &[
    "ipad",
    "tablet",
    "playbook",
    "touchpad",
    "kindle fire",
    "xoom",
    "silk-accelerated",
    "nexus 7",
    "nexus 9",
    "nexus 10",
    "; gt-p",
    "; sm-t",
];
const MOBILE: &[&str] = &[
    "mobile",
    "mobi ",
    "iphone",
    "ipod",
    "phone",
    "blackberry",
    "bb10",
    "symbian",
    "series60",
    "series40",
    "s60;",
    "midp",
    "j2me",
    "up.browser",
    "up.link",
    "opera mini",
    "windows ce",
    "palmos",
    "palmsource",
    "kaios",
    "nokia",
    "docomo",
    "portalmmm",
    "wap",
    "ppc;",
    "smartphone",
    "pda",
    " pre/1",
];
/// Operating systems of desktops, as uap-core names them.
const DESKTOPS: &[&str] = &[
    "Windows",
    "Mac OS X",
    "Mac OS",
    "Linux",
    "Chrome OS",
    "Ubuntu",
    "Kubuntu",
    "Debian",
    "Fedora",
    "Red Hat",
    "CentOS",
    "SUSE",
    "Gentoo",
    "Mandriva",
    "Slackware",
    "Arch Linux",
    "Linux Mint",
    "Mageia",
    "PCLinuxOS",
    "VectorLinux",
    "Puppy",
    "BackTrack",
    "FreeBSD",
    "OpenBSD",
    "NetBSD",
    "DragonFly",
    "Solaris",
    "AIX",
    "IRIX",
    "HP-UX",
    "BeOS",
    "Haiku",
    "OS/2",
    "AmigaOS",
];

/// The kind. `mobile`: the hint; `platform`: the hint too, or empty.
pub(super) fn kind(user_agent: &str, said: &Said, mobile: Option<bool>) -> &'static str {
    let text = user_agent.to_ascii_lowercase();
    let text = text.as_str();
    let android = text.contains("android") || said.os == "Android";
    if any(text, TV) || said.os == "tvOS" || said.os.starts_with("Chromecast") {
        "tv"
    } else if any(text, CONSOLE) {
        "console"
    } else if said.os == "WatchOS" || any(text, WATCH) {
        "watch"
    } else if any(text, CAR) {
        "car"
    } else if any(text, XR) {
        "xr"
    } else if mobile == Some(true) {
        "mobile"
    } else if any(text, TABLET) && !text.contains("tablet pc") {
        "tablet"
    } else if mobile == Some(false) {
        if android { "tablet" } else { "desktop" }
    } else {
        by_words(text, said, android)
    }
}

fn by_words(text: &str, said: &Said, android: bool) -> &'static str {
    let phone = said.device.ends_with("phone") || said.device.ends_with("Phone");
    if any(text, MOBILE) || phone {
        "mobile"
    } else if android {
        // Browsers on Android say «Mobile» on phones only; other programs never do.
        if text.starts_with("mozilla/") {
            "tablet"
        } else {
            ""
        }
    } else if DESKTOPS.contains(&said.os.as_str()) {
        "desktop"
    } else {
        ""
    }
}
