//! What is kept: one entry of each kind.

use super::secret;
use crate::access::session::now;
use crate::refusal::Refusal;
use crate::report::value::{check_text, check_texts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Longest name, characters.
const NAME: usize = 120;
/// Most steps of a funnel.
const STEPS: usize = 12;

/// A segment, goal or funnel of a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Saved {
    /// Made here.
    #[serde(default)]
    pub(crate) id: String,
    /// Key of the site.
    pub(crate) site: String,
    /// For people.
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) what: What,
}

/// What is saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum What {
    /// Filters under a name.
    Segment {
        /// Values by dimension.
        filters: BTreeMap<String, Vec<String>>,
    },
    /// Something that visitors should do.
    Goal {
        /// `page:/thanks`, `event:signup`, `type:login`.
        step: String,
    },
    /// Several steps in their order.
    Funnel {
        /// As a goal's.
        steps: Vec<String>,
        /// Seconds from the first step to the last.
        window_s: u32,
        /// Nothing else in between.
        #[serde(default)]
        strict: bool,
    },
}

impl Saved {
    #[cfg(test)]
    pub(crate) fn new(site: &str, name: &str, what: What) -> Self {
        Self {
            id: secret(),
            site: site.to_owned(),
            name: name.to_owned(),
            what,
        }
    }

    /// Checks what somebody sent, and gives it an id.
    pub(crate) fn checked(mut self) -> Result<Self, Refusal> {
        self.id = secret();
        name(&self.name)?;
        text("site", &self.site)?;
        match &self.what {
            What::Segment { filters } => {
                for (dimension, values) in filters {
                    text("filters", dimension)?;
                    check_texts(values).map_err(|why| Refusal::parameter("filters", why))?;
                }
            }
            What::Goal { step } => text("step", step)?,
            What::Funnel { steps, .. } => {
                check_texts(steps).map_err(|why| Refusal::parameter("steps", why))?;
                if steps.len() < 2 || steps.len() > STEPS {
                    return Err(Refusal::parameter(
                        "steps",
                        format!("has {}: from 2 to {STEPS}", steps.len()),
                    ));
                }
            }
        }
        Ok(self)
    }
}

/// Somebody who may read over the API.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Token {
    /// Made here.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// SHA-256 of the secret, hex.
    pub(crate) digest: String,
    /// Keys of the sites; none: all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sites: Option<Vec<String>>,
    /// Seconds since 1970.
    pub(crate) made: u64,
}

impl Token {
    pub(crate) fn new(name: &str, sites: Option<Vec<String>>, digest: &str) -> Self {
        Self {
            id: secret(),
            name: name.to_owned(),
            digest: digest.to_owned(),
            sites,
            made: now(),
        }
    }
}

/// A link that shows one site to whoever has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Link {
    /// Made here.
    pub(crate) id: String,
    /// For people.
    pub(crate) name: String,
    /// SHA-256 of the secret, hex.
    pub(crate) digest: String,
    /// Key of the site.
    pub(crate) site: String,
    /// What the page shows first: its address from the `?` on.
    pub(crate) view: String,
    /// Seconds since 1970.
    pub(crate) made: u64,
    /// Seconds since 1970; none: until it is revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) until: Option<u64>,
}

impl Link {
    pub(crate) fn is_over(&self) -> bool {
        self.until.is_some_and(|until| until < now())
    }
}

/// A name that people give.
pub(crate) fn name(name: &str) -> Result<(), Refusal> {
    text("name", name)?;
    if name.trim().is_empty() || name.chars().count() > NAME {
        return Err(Refusal::parameter(
            "name",
            format!("has to have 1 to {NAME} characters"),
        ));
    }
    Ok(())
}

fn text(what: &str, text: &str) -> Result<(), Refusal> {
    check_text(text).map_err(|why| Refusal::parameter(what, why))
}
