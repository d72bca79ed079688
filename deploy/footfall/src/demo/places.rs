//! Where the demo's visitors live: country by country, how many of a hundred, what they speak, and networks of large
//! providers there, from which addresses are drawn so that a database of places finds the country. Nobody is meant.

/// A home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Home {
    /// Weight among all homes.
    pub(super) weight: u32,
    /// BCP 47.
    pub(super) language: &'static str,
    /// IANA.
    pub(super) zone: &'static str,
    /// First address of a /16.
    pub(super) network: [u8; 2],
}

const fn home(weight: u32, language: &'static str, zone: &'static str, network: [u8; 2]) -> Home {
    Home {
        weight,
        language,
        zone,
        network,
    }
}

/// All of them.
pub(super) const HOMES: [Home; 30] = [
    home(14, "de-DE", "Europe/Berlin", [84, 150]),
    home(8, "de-DE", "Europe/Berlin", [91, 10]),
    home(4, "de-AT", "Europe/Vienna", [62, 178]),
    home(4, "de-CH", "Europe/Zurich", [83, 76]),
    home(9, "en-GB", "Europe/London", [86, 135]),
    home(7, "fr-FR", "Europe/Paris", [90, 20]),
    home(5, "nl-NL", "Europe/Amsterdam", [84, 84]),
    home(4, "es-ES", "Europe/Madrid", [83, 40]),
    home(4, "it-IT", "Europe/Rome", [79, 20]),
    home(3, "pl-PL", "Europe/Warsaw", [83, 10]),
    home(2, "sv-SE", "Europe/Stockholm", [81, 230]),
    home(1, "nb-NO", "Europe/Oslo", [84, 210]),
    home(2, "da-DK", "Europe/Copenhagen", [80, 160]),
    home(1, "fi-FI", "Europe/Helsinki", [91, 152]),
    home(1, "pt-PT", "Europe/Lisbon", [85, 240]),
    home(1, "cs-CZ", "Europe/Prague", [90, 176]),
    home(1, "tr-TR", "Europe/Istanbul", [78, 170]),
    home(12, "en-US", "America/New_York", [73, 10]),
    home(6, "en-US", "America/Los_Angeles", [76, 170]),
    home(3, "en-CA", "America/Toronto", [99, 230]),
    home(3, "pt-BR", "America/Sao_Paulo", [177, 40]),
    home(1, "es-MX", "America/Mexico_City", [187, 140]),
    home(4, "ja-JP", "Asia/Tokyo", [126, 20]),
    home(2, "ko-KR", "Asia/Seoul", [121, 130]),
    home(3, "en-IN", "Asia/Kolkata", [117, 200]),
    home(1, "zh-CN", "Asia/Shanghai", [114, 230]),
    home(1, "en-SG", "Asia/Singapore", [116, 88]),
    home(2, "en-AU", "Australia/Sydney", [1, 130]),
    home(1, "en-ZA", "Africa/Johannesburg", [41, 13]),
    home(1, "en-NG", "Africa/Lagos", [105, 112]),
];
