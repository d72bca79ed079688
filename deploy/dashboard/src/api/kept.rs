//! What people keep: segments, goals and funnels; tokens and links ([`crate::doors`]). Whoever may write sees all; others their
//! sites'.

use super::{Answered, Shared};
use crate::doors::{self, Door};
use crate::kept::Saved;
use crate::refusal::{Refusal, json};
use crate::service::Peer;
use axum::extract::{Extension, Path};
use axum::http::{HeaderMap, StatusCode};
use bytes::Bytes;
use serde::de::DeserializeOwned;

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
        .change(|kept| doors::remove(&mut kept.saved, |saved| saved.id == *id))?;
    Ok(json(StatusCode::OK, &()))
}

/// The tokens or links there are.
pub(super) async fn doors<D: Door>(state: Shared, headers: HeaderMap, peer: Extension<Peer>) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let kept = state.keeper.read();
    let list: Vec<_> = D::of(&kept).iter().map(|door| door.shown(None)).collect();
    Ok(json(StatusCode::OK, &list))
}

/// Makes one; its secret is told this once.
pub(super) async fn open<D: Door>(
    state: Shared,
    headers: HeaderMap,
    peer: Extension<Peer>,
    body: Bytes,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    let shown = doors::open::<D>(&state.keeper, read(&body)?)?;
    Ok(json(StatusCode::CREATED, &shown))
}

/// Revokes one.
pub(super) async fn revoke<D: Door>(
    state: Shared,
    id: Path<String>,
    headers: HeaderMap,
    peer: Extension<Peer>,
) -> Answered {
    state.grant(&headers, *peer)?.need_writing()?;
    doors::revoke::<D>(&state.keeper, |door| door.shown(None).id == *id)?;
    Ok(json(StatusCode::OK, &()))
}
