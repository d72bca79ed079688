//! One HTTP/1 connection of our own: no pool, nothing that sends a request twice.

use super::connect::Connector;
use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Error, Request, Response};
use hyper_util::rt::TokioIo;
use std::time::Duration;
use tokio::task::JoinSet;

/// How long the driver of a connection that is gone may take to say why. It has ended when this is asked.
const LAST_WORDS: Duration = Duration::from_millis(100);

/// An open connection. Dropped: closed.
#[derive(Debug)]
pub struct Http {
    sender: SendRequest<Full<Bytes>>,
    // Owns the task that drives the connection; dropping it ends that.
    driver: JoinSet<Result<(), Error>>,
}

/// A request without an answer.
#[derive(Debug)]
pub struct Unanswered {
    /// Why.
    pub error: Error,
    /// The request, if nothing of it has touched the wire.
    pub unsent: Option<Request<Full<Bytes>>>,
}

impl Connector {
    /// Opens a connection and begins HTTP on it.
    ///
    /// # Errors
    /// A [`super::Trouble`], or hyper's error.
    pub async fn http(&self) -> Result<Http, Box<dyn std::error::Error + Send + Sync>> {
        let stream = self.connect().await?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        let mut driver = JoinSet::new();
        driver.spawn(connection);
        Ok(Http { sender, driver })
    }
}

impl Http {
    /// Whether another request can be sent; false: the connection is gone.
    pub async fn is_ready(&mut self) -> bool {
        self.sender.ready().await.is_ok()
    }

    /// Sends a request and gives the answer as it begins; its body is still to be read.
    ///
    /// # Errors
    /// [`Unanswered`]. Without `unsent` the request may have been carried out.
    pub async fn send(&mut self, request: Request<Full<Bytes>>) -> Result<Response<Incoming>, Unanswered> {
        match self.sender.try_send_request(request).await {
            Ok(response) => Ok(response),
            Err(mut failed) => {
                let unsent = failed.take_message();
                let error = self.why(failed.into_error()).await;
                Err(Unanswered { error, unsent })
            }
        }
    }

    /// "Canceled" means that the connection was gone already; what it died of its driver knows.
    async fn why(&mut self, error: Error) -> Error {
        if !error.is_canceled() {
            return error;
        }
        match tokio::time::timeout(LAST_WORDS, self.driver.join_next()).await {
            Ok(Some(Ok(Err(cause)))) => cause,
            _ => error,
        }
    }
}
