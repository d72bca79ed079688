//! Answers one request.

use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::http::request::Parts;
use hyper::{Method, Request, Response, StatusCode};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

use super::access::{Access, User};
use super::answer;
use super::asked::Asked;
use super::cancel::Cancel;
use super::input::{self, Input};
use super::multipart;
use super::output::{Answer, Encoding};
use super::run::{Head, Job};
use crate::session::Session;
use crate::status::Failure;

/// How long a request waits for its turn.
const QUEUE_TIME: Duration = Duration::from_secs(10);
/// What is read of a refused request's body, and for how long.
const DRAIN_BYTES: usize = 16 << 20;
const DRAIN_TIME: Duration = Duration::from_secs(2);
/// The largest form.
const MAX_FORM: usize = 16 << 20;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) session: Arc<Session>,
    pub(crate) access: Access,
    pub(crate) writers: Arc<Semaphore>,
    pub(crate) readers: Arc<Semaphore>,
}

/// What is known of a request from its head on.
#[derive(Debug)]
struct Ids {
    tag: String,
    query_id: String,
}

/// Any request, any answer.
pub(crate) async fn handle(service: Arc<Service>, request: Request<Incoming>) -> Response<Answer> {
    let facts = &service.session.facts;
    if let Err(failure) = service.access.check_names(request.headers()) {
        return answer::bad(&failure, facts, "");
    }
    let path = request.uri().path();
    let probe = matches!(path, "/ping" | "/replicas_status");
    match *request.method() {
        Method::GET | Method::HEAD if probe || (path == "/" && request.uri().query().is_none()) => {
            return answer::text(StatusCode::OK, "Ok.\n");
        }
        Method::GET | Method::POST if path == "/" => {}
        _ => {
            return answer::text(
                StatusCode::NOT_FOUND,
                "There is no handle for this path and method here.\n",
            );
        }
    }
    let tag = uuid::Uuid::new_v4().to_string();
    let (parts, body) = request.into_parts();
    let asked = Asked::of(&parts);
    let ids = Ids {
        query_id: asked.query_id.clone().unwrap_or_else(|| tag.clone()),
        tag,
    };
    let encoding = Encoding::of(&asked, &parts.headers);
    match query(&service, parts, body, asked, &ids).await {
        Ok(head) => answer::good(head, facts, &ids.query_id, &ids.tag, encoding),
        Err(failure) => answer::bad(&failure, facts, &ids.query_id),
    }
}

/// Who asks, and his turn: what needs no look at the body.
async fn admit(
    service: &Service,
    parts: &Parts,
    asked: &Asked,
) -> Result<(User, OwnedSemaphorePermit), Failure> {
    let user = service.access.user(&parts.headers, asked)?;
    input::check_encoding(&parts.headers)?;
    Ok((user, turn(service, user).await?))
}

/// Reads a little of the body of a refused request: a connection closed on unread bytes is reset, and the
/// client would not see why.
async fn drain(mut body: Incoming) {
    let mut left = DRAIN_BYTES;
    let reading = async {
        while left > 0
            && let Some(Ok(frame)) = body.frame().await
        {
            left = left.saturating_sub(frame.data_ref().map_or(0, bytes::Bytes::len));
        }
    };
    let _ = tokio::time::timeout(DRAIN_TIME, reading).await;
}

async fn query(
    service: &Arc<Service>,
    parts: Parts,
    body: Incoming,
    mut asked: Asked,
    ids: &Ids,
) -> Result<Head, Failure> {
    let (user, permit) = match admit(service, &parts, &asked).await {
        Ok(admitted) => admitted,
        Err(failure) => {
            drain(body).await;
            return Err(failure);
        }
    };
    let input = match multipart::boundary(&parts.headers) {
        None => Input::new(body, &parts.headers, asked.decompress),
        Some(boundary) => {
            form(&mut asked, body, &boundary).await?;
            Input::empty()
        }
    };
    let session = Arc::clone(&service.session);
    let cancel = Cancel::new(Arc::clone(&session), ids.tag.clone());
    let encoding = Encoding::of(&asked, &parts.headers);
    let watch = cancel.guard();
    let job = Job {
        session,
        asked,
        user,
        input,
        encoding,
        tag: ids.tag.clone(),
        cancel,
        _permit: permit,
    };
    let (reply, head) = oneshot::channel();
    let work = tokio::task::spawn_blocking(move || job.run(reply));
    let head = head.await;
    drop(work);
    watch.disarm();
    head.unwrap_or_else(|_| {
        Err(Failure::new(
            1002,
            "the statement ended without an answer. (UNKNOWN_EXCEPTION)",
        ))
    })
}

async fn form(asked: &mut Asked, body: Incoming, boundary: &str) -> Result<(), Failure> {
    let body = Limited::new(body, MAX_FORM).collect().await;
    let body = body.map_err(|e| Failure::new(36, &format!("reading the form: {e}. (BAD_ARGUMENTS)")))?;
    for (name, value) in multipart::fields(&body.to_bytes(), boundary)? {
        asked.put(&name, value);
    }
    Ok(())
}

async fn turn(service: &Service, user: User) -> Result<OwnedSemaphorePermit, Failure> {
    let queue = match user {
        User::Writer => &service.writers,
        User::Reader => &service.readers,
    };
    let busy = || {
        Failure::new(
            202,
            "Too many simultaneous queries. (TOO_MANY_SIMULTANEOUS_QUERIES)",
        )
    };
    let permit = tokio::time::timeout(QUEUE_TIME, Arc::clone(queue).acquire_owned())
        .await
        .map_err(|_| busy())?;
    permit.map_err(|_| busy())
}
