//! The default channel groups, as Google publishes them for GA4 ("Default channel group" in its help pages): evaluated from
//! the top, the first match wins, case does not matter. [`Channel::AiAssistants`] is ours: GA4 counts it as referral.
//!
//! Which sources are search engines, social networks, … GA4 does not publish in full: ours are in [`super::list`].

use super::list::Kind;

/// What the rules look at; everything lower case.
#[derive(Debug, Clone, Copy, Default)]
pub struct Signs<'a> {
    /// Whose list the source stands on.
    pub kind: Option<Kind>,
    /// The source; [`DIRECT`] if nothing brought the visitor.
    pub source: &'a str,
    /// The medium.
    pub medium: &'a str,
    /// The campaign's name.
    pub campaign: &'a str,
}

/// Source of a visit without referrer and campaign, as analysts know it.
pub const DIRECT: &str = "(direct)";
/// Its medium.
pub const NONE: &str = "(none)";

/// Declares the channels: variant, label, rule.
macro_rules! channels {
    ($($(#[$doc:meta])* $channel:ident, $label:literal, $rule:expr;)+) => {
        /// A channel.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Channel {
            $($(#[$doc])* $channel,)+
            /// Nothing matched.
            Unassigned,
        }

        impl Channel {
            /// Every channel, in the order of the rules.
            pub const ALL: &[Self] = &[$(Self::$channel,)+ Self::Unassigned];

            /// The channel in the column `channel`.
            #[must_use]
            pub const fn label(self) -> &'static str {
                match self {
                    $(Self::$channel => $label,)+
                    Self::Unassigned => "unassigned",
                }
            }
        }

        type Rule = for<'a> fn(&Signs<'a>) -> bool;
        const RULES: &[(Channel, Rule)] = &[$((Channel::$channel, $rule),)+];
    };
}

channels! {
    /// No referrer, no campaign.
    Direct, "direct", |s| s.source == DIRECT && matches!(s.medium, NONE | "(not set)");
    /// Google Ads over several networks.
    CrossNetwork, "cross_network", |s| s.campaign.contains("cross-network");
    /// Shops' advertisements.
    PaidShopping, "paid_shopping", |s| is_shopping(s) && is_paid(s.medium);
    /// Search engines' advertisements.
    PaidSearch, "paid_search", |s| s.kind == Some(Kind::Search) && is_paid(s.medium);
    /// Social networks' advertisements.
    PaidSocial, "paid_social", |s| s.kind == Some(Kind::Social) && is_paid(s.medium);
    /// Advertisements at videos.
    PaidVideo, "paid_video", |s| s.kind == Some(Kind::Video) && is_paid(s.medium);
    /// Banners.
    Display, "display", |s| matches!(s.medium, "display" | "banner" | "expandable" | "interstitial" | "cpm");
    /// Other advertisements.
    PaidOther, "paid_other", |s| is_paid(s.medium);
    /// Shops.
    OrganicShopping, "organic_shopping", is_shopping;
    /// Social networks.
    OrganicSocial, "organic_social", |s| s.kind == Some(Kind::Social)
        || matches!(s.medium, "social" | "social-network" | "social-media" | "sm" | "social network" | "social media");
    /// Videos.
    OrganicVideo, "organic_video", |s| s.kind == Some(Kind::Video) || s.medium.contains("video");
    /// Search engines.
    OrganicSearch, "organic_search", |s| s.kind == Some(Kind::Search) || s.medium == "organic";
    /// Mails.
    Email, "email", |s| is_email(s.source) || is_email(s.medium);
    /// Affiliates.
    Affiliates, "affiliates", |s| s.medium == "affiliate";
    /// AI assistants.
    AiAssistants, "ai_assistants", |s| s.kind == Some(Kind::Ai);
    /// Other pages.
    Referral, "referral", |s| matches!(s.medium, "referral" | "app" | "link");
    /// Podcasts and the like.
    Audio, "audio", |s| s.medium == "audio";
    /// Text messages.
    Sms, "sms", |s| s.source == "sms" || s.medium == "sms";
    /// Notifications of apps.
    MobilePush, "mobile_push", |s| s.medium.ends_with("push") || s.medium.contains("mobile")
        || s.medium.contains("notification") || s.source == "firebase";
}

impl Channel {
    /// The first channel whose rule matches.
    #[must_use]
    pub fn of(signs: &Signs<'_>) -> Self {
        RULES
            .iter()
            .find(|(_, rule)| rule(signs))
            .map_or(Self::Unassigned, |(channel, _)| *channel)
    }
}

/// `^(.*cp.*|ppc|retargeting|paid.*)$`
fn is_paid(medium: &str) -> bool {
    medium.contains("cp") || matches!(medium, "ppc" | "retargeting") || medium.starts_with("paid")
}

fn is_shopping(signs: &Signs<'_>) -> bool {
    signs.kind == Some(Kind::Shopping) || is_shopping_campaign(signs.campaign)
}

/// `^(.*(([^a-df-z]|^)shop|shopping).*)$`: before `shop` there is no letter but `e`.
fn is_shopping_campaign(campaign: &str) -> bool {
    let begins = |at: usize| {
        let before = campaign.get(..at).and_then(|before| before.bytes().last());
        before.is_none_or(|byte| byte == b'e' || !byte.is_ascii_lowercase())
    };
    campaign.contains("shopping") || campaign.match_indices("shop").any(|(at, _)| begins(at))
}

fn is_email(word: &str) -> bool {
    matches!(word, "email" | "e-mail" | "e_mail" | "e mail")
}

#[cfg(test)]
mod tests;
