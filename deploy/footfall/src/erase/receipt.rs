//! The receipt: what was removed, where; what is left of it, and until when; signed, so that nobody can write one afterwards. It
//! names the person by the keyed hash alone.

use crate::credentials::hex;
use crate::terminal::{Colour, count, paint, say};
use anyhow::{Context as _, Result, bail};
use footfall_processor::suppressed::Key;
use serde::{Deserialize, Serialize};
use std::path::Path;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use uuid::Uuid;

/// What the signature is for: a hash of the list can never be one.
const PURPOSE: &str = "receipt";

/// A receipt. The order of the fields is that of the signed text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// Which erasure: also the detail of its entries in the ledger.
    pub erasure: Uuid,
    /// Release that did it.
    pub version: String,
    /// `visitor`, `user` or `ip`.
    pub kind: String,
    /// Keyed hash of who, 32 hex digits.
    pub hash: String,
    /// Which key made it, 8 hex digits.
    pub key: String,
    /// The site; empty: all.
    pub site: String,
    /// When it was begun, and when it was done.
    pub began: String,
    /// See `began`.
    pub finished: String,
    /// What happened, or was received, up to then stays out, however it comes; `for good`: everything.
    pub kept_out_until: String,
    /// What was removed.
    pub removed: Vec<Removed>,
    /// Where something of it may be still.
    pub remains: Vec<Remains>,
}

/// What was removed in one place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removed {
    /// The place.
    pub place: String,
    /// What it was.
    pub what: String,
    /// How much of it.
    pub count: u64,
}

/// A place where something may be still.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Remains {
    /// The place.
    pub place: String,
    /// Until when, or what ends it.
    pub until: String,
}

#[derive(Serialize, Deserialize)]
struct Signed {
    #[serde(flatten)]
    receipt: Receipt,
    /// HMAC-SHA-256 of the receipt as compact JSON, under the key of erasures, hex.
    signature: String,
}

impl Receipt {
    fn signature(&self, key: &Key) -> Result<String> {
        Ok(hex(&key.sign(PURPOSE, &serde_json::to_vec(self)?)))
    }

    /// As JSON with its signature.
    ///
    /// # Errors
    /// Never by itself.
    pub fn signed(&self, key: &Key) -> Result<String> {
        let receipt = self.clone();
        let signature = self.signature(key)?;
        Ok(serde_json::to_string_pretty(&Signed { receipt, signature })?)
    }

    /// For people.
    pub fn print(&self) {
        let site = if self.site.is_empty() {
            "all sites"
        } else {
            &self.site
        };
        say(format_args!(
            "{} {} {} ({site}), key {}",
            paint(Colour::Bold, "erased"),
            self.kind,
            self.hash,
            self.key
        ));
        for removed in &self.removed {
            say(format_args!(
                "  {:>12}  {}, {}",
                count(removed.count),
                removed.what,
                removed.place
            ));
        }
        say(format_args!("kept out: {}", self.kept_out_until));
        say("what may be left:");
        for remains in &self.remains {
            say(format_args!("  {}: {}", remains.place, remains.until));
        }
    }
}

/// Reads a receipt and checks its signature.
///
/// # Errors
/// It cannot be read, is no receipt, was changed, or signed with another key.
pub fn verify(path: &Path, key: &Key) -> Result<Receipt> {
    let text = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    check(&text, key).with_context(|| path.display().to_string())
}

fn check(text: &str, key: &Key) -> Result<Receipt> {
    let mut fields: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).context("this is no receipt of an erasure")?;
    let signature = fields.remove("signature");
    let receipt: Receipt =
        serde_json::from_value(fields.into()).context("this is no receipt of an erasure")?;
    let ours = format!("{:08x}", key.id());
    if receipt.key != ours {
        bail!(
            "the receipt was signed with the key {}, and the one here is {ours}",
            receipt.key
        );
    }
    if signature.as_ref().and_then(|text| text.as_str()) != Some(receipt.signature(key)?.as_str()) {
        bail!("the signature is not right: the receipt was changed");
    }
    Ok(receipt)
}

/// A time as the receipt has it; ms since 1970.
#[must_use]
pub fn stamp(at: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(at.div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    at.format(&Rfc3339).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::{Key, Receipt, Removed, check, stamp};
    use uuid::Uuid;

    #[test]
    fn a_receipt_that_was_changed_or_signed_by_another_is_none() {
        let key = Key::parse(&"1".repeat(64)).unwrap();
        let receipt = Receipt {
            erasure: Uuid::from_u128(1),
            version: "0.1.0".to_owned(),
            kind: "user".to_owned(),
            hash: "00".to_owned(),
            key: format!("{:08x}", key.id()),
            site: String::new(),
            began: stamp(1_795_341_600_000),
            finished: String::new(),
            kept_out_until: "for good".to_owned(),
            removed: vec![Removed {
                place: "events".to_owned(),
                what: "rows".to_owned(),
                count: 7,
            }],
            remains: Vec::new(),
        };
        assert_eq!(receipt.began, "2026-11-22T10:00:00Z");
        let signed = receipt.signed(&key).unwrap();
        assert_eq!(check(&signed, &key).unwrap(), receipt);
        let wrong = |text: &str, key: &Key| format!("{:#}", check(text, key).unwrap_err());
        assert!(wrong(&signed.replace('7', "8"), &key).contains("was changed"));
        assert!(wrong(&signed, &Key::parse(&"2".repeat(64)).unwrap()).contains("signed with the key"));
        for other in ["", "{}", "[]", &signed.replace("\"kind\"", "\"more\"")] {
            assert!(wrong(other, &key).contains("no receipt"), "{other}");
        }
    }
}
