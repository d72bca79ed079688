//! Tokens and shared links: made, listed and revoked, by the API and by the command line ([`Doors`]).

use crate::access::digest;
use crate::access::session::now;
use crate::config::StartError;
use crate::kept::{Keeper, Kept, Link, Token, name, secret};
use crate::refusal::Refusal;
use crate::report::value::check_text;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// Longest life of a link, seconds: ten years.
const LIFE: u64 = 10 * 365 * 24 * 3600;

/// A token or a link as it is listed: no digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// Made here.
    pub id: String,
    /// For people.
    pub name: String,
    /// Keys of the sites; none: all.
    pub sites: Option<Vec<String>>,
    /// Seconds since 1970.
    pub made: u64,
    /// Seconds since 1970; none: until it is revoked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<u64>,
    /// Only when it was just made: nobody can read it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub secret: Option<String>,
}

/// What both are to those who make and list them.
pub(crate) trait Door: Sized + Clone + Send + Sync + 'static {
    /// What has to be said to make one.
    type New: DeserializeOwned + Send;

    /// Those there are.
    fn of(kept: &Kept) -> &Vec<Self>;
    /// The same, to be changed.
    fn of_mut(kept: &mut Kept) -> &mut Vec<Self>;
    /// One more, if what was said can be meant.
    fn make(new: Self::New, digest: &str) -> Result<Self, Refusal>;
    /// As it is listed.
    fn shown(&self, secret: Option<&str>) -> Shown;
}

/// What has to be said to make a token.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewToken {
    /// For people.
    pub name: String,
    /// Keys of the sites; none: all.
    #[serde(default)]
    pub sites: Option<Vec<String>>,
}

impl Door for Token {
    type New = NewToken;

    fn of(kept: &Kept) -> &Vec<Self> {
        &kept.tokens
    }
    fn of_mut(kept: &mut Kept) -> &mut Vec<Self> {
        &mut kept.tokens
    }
    fn make(new: NewToken, digest: &str) -> Result<Self, Refusal> {
        name(&new.name)?;
        if new.sites.as_ref().is_some_and(Vec::is_empty) {
            return Err(Refusal::parameter(
                "sites",
                "is empty: name at least one site, or leave it out for all",
            ));
        }
        for site in new.sites.iter().flatten() {
            check_text(site).map_err(|why| Refusal::parameter("sites", why))?;
        }
        Ok(Self::new(&new.name, new.sites, digest))
    }
    fn shown(&self, secret: Option<&str>) -> Shown {
        Shown {
            id: self.id.clone(),
            name: self.name.clone(),
            sites: self.sites.clone(),
            made: self.made,
            until: None,
            secret: secret.map(ToOwned::to_owned),
        }
    }
}

/// What has to be said to make a link.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLink {
    /// For people.
    pub name: String,
    /// Key of the site.
    pub site: String,
    /// What it shows first: the page's address from the `?` on.
    #[serde(default)]
    pub view: String,
    /// Seconds that it lasts; none: until it is revoked.
    #[serde(default)]
    pub lasts_s: Option<u64>,
}

impl Door for Link {
    type New = NewLink;

    fn of(kept: &Kept) -> &Vec<Self> {
        &kept.links
    }
    fn of_mut(kept: &mut Kept) -> &mut Vec<Self> {
        &mut kept.links
    }
    fn make(new: NewLink, digest: &str) -> Result<Self, Refusal> {
        name(&new.name)?;
        check_text(&new.site).map_err(|why| Refusal::parameter("site", why))?;
        check_text(&new.view).map_err(|why| Refusal::parameter("view", why))?;
        if !(new.view.is_empty() || new.view.starts_with('?')) || !new.view.is_ascii() {
            return Err(Refusal::parameter(
                "view",
                "begins with `?`, and is percent-encoded",
            ));
        }
        if new.lasts_s.is_some_and(|lasts| lasts > LIFE) {
            return Err(Refusal::parameter("lasts_s", format!("is more than {LIFE}")));
        }
        Ok(Self {
            id: secret(),
            name: new.name,
            digest: digest.to_owned(),
            site: new.site,
            view: new.view,
            made: now(),
            until: new.lasts_s.map(|lasts| now() + lasts),
        })
    }
    fn shown(&self, secret: Option<&str>) -> Shown {
        Shown {
            id: self.id.clone(),
            name: self.name.clone(),
            sites: Some(vec![self.site.clone()]),
            made: self.made,
            until: self.until,
            secret: secret.map(ToOwned::to_owned),
        }
    }
}

/// Makes one, and tells its secret.
pub(crate) fn open<D: Door>(keeper: &Keeper, new: D::New) -> Result<Shown, Refusal> {
    let told = secret();
    let door = D::make(new, &digest(&told))?;
    let shown = door.shown(Some(&told));
    keeper.change(|kept| {
        D::of_mut(kept).push(door);
        Ok(())
    })?;
    Ok(shown)
}

/// Revokes what `which` says.
pub(crate) fn revoke<D: Door>(keeper: &Keeper, which: impl Fn(&D) -> bool) -> Result<(), Refusal> {
    keeper.change(|kept| remove(D::of_mut(kept), which))
}

/// Takes it out of its list; a refusal if it is not there.
pub(crate) fn remove<T>(list: &mut Vec<T>, which: impl Fn(&T) -> bool) -> Result<(), Refusal> {
    let before = list.len();
    list.retain(|item| !which(item));
    if list.len() == before {
        return Err(Refusal::NotFound("there is none with this id".to_owned()));
    }
    Ok(())
}

/// Why a token or link was not made or revoked: a sentence for whoever asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Refused(String);

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Self {
        Self(refusal.to_string())
    }
}

/// Tokens and links by hand. A dashboard that runs on the same file takes every change up by itself.
#[derive(Debug)]
pub struct Doors(Keeper);

impl Doors {
    /// Opens the file, or makes it.
    ///
    /// # Errors
    /// It cannot be read or written.
    pub fn open(path: &Path) -> Result<Self, StartError> {
        Keeper::open(path).map(Self)
    }

    /// The tokens there are.
    #[must_use]
    pub fn tokens(&self) -> Vec<Shown> {
        self.list::<Token>()
    }

    /// The links there are.
    #[must_use]
    pub fn links(&self) -> Vec<Shown> {
        self.list::<Link>()
    }

    fn list<D: Door>(&self) -> Vec<Shown> {
        D::of(&self.0.read())
            .iter()
            .map(|door| door.shown(None))
            .collect()
    }

    /// Makes a token; its secret is in what comes back, and nowhere else.
    ///
    /// # Errors
    /// What was said cannot be meant, or the file cannot be written.
    pub fn add_token(&self, new: NewToken) -> Result<Shown, Refused> {
        Ok(open::<Token>(&self.0, new)?)
    }

    /// Makes a link; its secret is in what comes back, and nowhere else.
    ///
    /// # Errors
    /// As for a token.
    pub fn add_link(&self, new: NewLink) -> Result<Shown, Refused> {
        Ok(open::<Link>(&self.0, new)?)
    }

    /// Revokes the token of that id, at once.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn remove_token(&self, id: &str) -> Result<(), Refused> {
        Ok(revoke::<Token>(&self.0, |token| token.id == id)?)
    }

    /// Revokes the link of that id, at once.
    ///
    /// # Errors
    /// There is none, or the file cannot be written.
    pub fn remove_link(&self, id: &str) -> Result<(), Refused> {
        Ok(revoke::<Link>(&self.0, |link| link.id == id)?)
    }
}
