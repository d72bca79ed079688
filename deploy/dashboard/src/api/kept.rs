//! What people keep: segments, goals and funnels; tokens and links. Whoever may write sees all; others their sites'.

use super::{Answered, Shared};
use crate::access::digest;
use crate::access::session::now;
use crate::kept::{Link, Saved, Token, name, secret};
use crate::refusal::{Refusal, json};
use crate::report::value::check_text;
use crate::service::Peer;
use axum::extract::{Extension, Path};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// Longest life of a link, seconds: ten years.
const LIFE: u64 = 10 * 365 * 24 * 3600;

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::Body(format!("is not understood: {error}")))
}

/// Segments, goals and funnels of the sites that may be seen.
pub(super) async fn saved(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    let grant = state.grant(&headers, *peer)?;
    let kept = state.keeper.read();
    let seen: Vec<&Saved> = kept
        .saved
        .iter()
        .filter(|saved| grant.sees(&saved.site))
        .collect();
    Ok(json(StatusCode::OK, &seen))
}

/// Keeps one more; gives it back with its id.
pub(super) async fn save(state: Shared, headers: HeaderMap, peer: Extension<Peer>, body: Bytes) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let saved = read::<Saved>(&body)?.checked()?;
    state.keeper.change(|kept| {
        kept.saved.push(saved.clone());
        Ok(())
    })?;
    Ok(json(StatusCode::CREATED, &saved))
}

/// Forgets one.
pub(super) async fn unsave(
    state: Shared,
    id: Path<String>,
    headers: HeaderMap,
    peer: Extension<Peer>,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    state
        .keeper
        .change(|kept| remove(&mut kept.saved, |saved| saved.id == *id))?;
    Ok(json(StatusCode::OK, &()))
}

/// A token or a link as it is listed: no secret, no digest.
#[derive(Serialize)]
struct Shown<'a> {
    id: &'a str,
    name: &'a str,
    sites: Option<Vec<&'a str>>,
    made: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<u64>,
    /// Only when it was just made: nobody can read it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret: Option<&'a str>,
}

fn shown_token<'a>(token: &'a Token, secret: Option<&'a str>) -> Shown<'a> {
    let sites = token.sites.as_ref();
    Shown {
        id: &token.id,
        name: &token.name,
        sites: sites.map(|sites| sites.iter().map(String::as_str).collect()),
        made: token.made,
        until: None,
        secret,
    }
}

fn shown_link<'a>(link: &'a Link, secret: Option<&'a str>) -> Shown<'a> {
    Shown {
        id: &link.id,
        name: &link.name,
        sites: Some(vec![&link.site]),
        made: link.made,
        until: link.until,
        secret,
    }
}

/// The tokens there are.
pub(super) async fn tokens(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let kept = state.keeper.read();
    let list: Vec<_> = kept.tokens.iter().map(|token| shown_token(token, None)).collect();
    Ok(json(StatusCode::OK, &list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    name: String,
    #[serde(default)]
    sites: Option<Vec<String>>,
}

/// Makes a token; its secret is told this once.
pub(super) async fn make_token(
    state: Shared,
    headers: HeaderMap,
    peer: Extension<Peer>,
    body: Bytes,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let new: NewToken = read(&body)?;
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
    let told = secret();
    let token = Token::new(&new.name, new.sites, &digest(&told));
    state.keeper.change(|kept| {
        kept.tokens.push(token.clone());
        Ok(())
    })?;
    Ok(json(StatusCode::CREATED, &shown_token(&token, Some(&told))))
}

/// Revokes a token.
pub(super) async fn revoke_token(
    state: Shared,
    id: Path<String>,
    headers: HeaderMap,
    peer: Extension<Peer>,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    state
        .keeper
        .change(|kept| remove(&mut kept.tokens, |token| token.id == *id))?;
    Ok(json(StatusCode::OK, &()))
}

/// The links there are.
pub(super) async fn links(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let kept = state.keeper.read();
    let list: Vec<_> = kept.links.iter().map(|link| shown_link(link, None)).collect();
    Ok(json(StatusCode::OK, &list))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewLink {
    name: String,
    site: String,
    /// The page's address from the `?` on.
    #[serde(default)]
    view: String,
    /// Seconds that it lasts; none: until it is revoked.
    #[serde(default)]
    lasts_s: Option<u64>,
}

/// Makes a link; its secret is told this once.
pub(super) async fn make_link(
    state: Shared,
    headers: HeaderMap,
    peer: Extension<Peer>,
    body: Bytes,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let new: NewLink = read(&body)?;
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
    let told = secret();
    let link = Link {
        id: secret(),
        name: new.name,
        digest: digest(&told),
        site: new.site,
        view: new.view,
        made: now(),
        until: new.lasts_s.map(|lasts| now() + lasts),
    };
    state.keeper.change(|kept| {
        kept.links.push(link.clone());
        Ok(())
    })?;
    Ok(json(StatusCode::CREATED, &shown_link(&link, Some(&told))))
}

/// Revokes a link.
pub(super) async fn revoke_link(
    state: Shared,
    id: Path<String>,
    headers: HeaderMap,
    peer: Extension<Peer>,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    state
        .keeper
        .change(|kept| remove(&mut kept.links, |link| link.id == *id))?;
    Ok(json(StatusCode::OK, &()))
}

fn remove<T>(list: &mut Vec<T>, which: impl Fn(&T) -> bool) -> Result<(), Refusal> {
    let before = list.len();
    list.retain(|item| !which(item));
    if list.len() == before {
        return Err(Refusal::NotFound("there is none with this id".to_owned()));
    }
    Ok(())
}
