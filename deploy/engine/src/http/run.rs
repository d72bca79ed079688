//! Runs one request's statement on a blocking thread, over an engine connection of its own.
//!
//! A result goes back in two steps: a [`Head`] as soon as it is known that there is one, then the rows. Until
//! the head is sent an error is an HTTP status; after it, text at the end of the body and a broken connection.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, oneshot};

use super::access::User;
use super::asked::Asked;
use super::cancel::Cancel;
use super::input::{self, Input};
use super::output::{self, Answer, Encoding, Output};
use super::plan::{Plan, plan};
use super::select::{Joiner, streams};
use crate::ffi::{Answer as Block, Connection, Stream};
use crate::session::Session;
use crate::sql::statement::Action;
use crate::status::Failure;
use crate::values::{Counts, Parameters};

/// What of a body is still read after an error, so that the client gets to see the answer.
const DRAIN: usize = 64 << 20;

/// The beginning of a good answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) counts: Counts,
    pub(crate) format: String,
    pub(crate) body: Answer,
}

/// Everything that a statement needs.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) session: Arc<Session>,
    pub(crate) asked: Asked,
    pub(crate) user: User,
    pub(crate) input: Input,
    pub(crate) encoding: Encoding,
    /// Unique per request; found in `system.processes` as `Settings['query_cache_tag']`.
    pub(crate) tag: String,
    pub(crate) cancel: Cancel,
    /// Held while the statement runs.
    pub(crate) _permit: OwnedSemaphorePermit,
}

type Reply = oneshot::Sender<Result<Head, Failure>>;

impl Job {
    /// The whole of a request's work. Blocks.
    pub(crate) fn run(mut self, reply: Reply) {
        let cancel = self.cancel.clone();
        match self.prepare() {
            Ok((plan, mut connection)) => self.execute(plan, &mut connection, reply),
            Err(failure) => {
                self.input.drain(DRAIN);
                let _ = reply.send(Err(failure));
            }
        }
        cancel.done();
    }

    fn prepare(&mut self) -> Result<(Plan, Connection), Failure> {
        let plan = plan(
            &self.session,
            &mut self.asked,
            self.user,
            &mut self.input,
            &self.tag,
        )?;
        let reads = matches!(plan.action, Action::Select | Action::Show);
        self.cancel.reads(reads);
        let refused = || Failure::new(1000, "the engine gives no connection. (POCO_EXCEPTION)");
        let mut connection = self.session.connect().ok_or_else(refused)?;
        let before = plan.settings.join("; ");
        connection
            .query(before.as_bytes(), "Null", &Parameters::default())
            .map_err(Failure::of_engine)?;
        if !matches!(plan.action, Action::Insert { .. }) {
            let classified = connection.classify(&plan.sql);
            if classified.statements > 1 {
                return Err(Failure::new(
                    62,
                    "multi-statements are not allowed. (SYNTAX_ERROR)",
                ));
            }
            if self.user == User::Reader && classified.statements == 1 && !classified.read_only {
                return Err(Failure::new(
                    164,
                    "Cannot execute query in readonly mode. (READONLY)",
                ));
            }
        }
        if self.cancel.gone() {
            return Err(Failure::new(394, "the client is gone. (QUERY_WAS_CANCELLED)"));
        }
        Ok((plan, connection))
    }

    fn execute(self, plan: Plan, connection: &mut Connection, reply: Reply) {
        let streamed =
            plan.action == Action::Select && streams(&plan.format) && !self.asked.wait_end_of_query;
        if streamed {
            return self.stream(&plan, connection, reply);
        }
        let head = match &plan.action {
            Action::Insert { format } => self.insert(&plan, format, connection),
            Action::Select | Action::Show | Action::Write => self.whole(&plan, connection),
        };
        let _ = reply.send(head);
    }

    fn insert(mut self, plan: &Plan, format: &str, connection: &mut Connection) -> Result<Head, Failure> {
        let result = self.insert_rows(plan, format, connection);
        if result.is_err() {
            self.input.drain(DRAIN);
        }
        let counts = result?;
        Ok(Head {
            counts,
            format: plan.format.clone(),
            body: Answer::Whole(None),
        })
    }

    fn insert_rows(
        &mut self,
        plan: &Plan,
        format: &str,
        connection: &mut Connection,
    ) -> Result<Counts, Failure> {
        let mut insert = connection
            .insert(&plan.sql, format, &plan.parameters)
            .map_err(Failure::of_engine)?;
        let mut data = Some(plan.data.clone());
        while let Some(rows) = data {
            if !rows.is_empty() && !insert.append(&rows) {
                break;
            }
            data = match self.input.next() {
                Ok(more) => more,
                // Dropped unfinished, the insert is cancelled.
                Err(error) => return Err(input::failure(&error)),
            };
        }
        insert.finish().map_err(Failure::of_engine)
    }

    /// Runs to the end, then answers with a known length.
    fn whole(&self, plan: &Plan, connection: &mut Connection) -> Result<Head, Failure> {
        let answer = connection
            .query(&plan.sql, &plan.format, &plan.parameters)
            .map_err(Failure::of_engine)?;
        let counts = answer.counts();
        let bytes = answer.into_bytes();
        if bytes.len() as u64 > self.session.max_result_bytes {
            return Err(Failure::new(
                396,
                "the result is larger than this server keeps. (TOO_MANY_ROWS_OR_BYTES)",
            ));
        }
        let body = Answer::Whole(Some(self.encoded(bytes)?));
        Ok(Head {
            counts,
            format: plan.format.clone(),
            body,
        })
    }

    fn encoded(&self, bytes: Bytes) -> Result<Bytes, Failure> {
        let broken = |e: std::io::Error| Failure::new(1000, &format!("compressing the answer: {e}"));
        let mut encoder = self.encoding.encoder().map_err(broken)?;
        let mut first = encoder.push(bytes).map_err(broken)?;
        let last = encoder.finish().map_err(broken)?;
        if !last.is_empty() {
            first = [first, last].concat().into();
        }
        Ok(first)
    }

    fn stream(&self, plan: &Plan, connection: &mut Connection, reply: Reply) {
        if let Some(reply) = self.stream_rows(plan, connection, reply) {
            // No rows: chdb gives not even the header, which the whole result has.
            let _ = reply.send(self.whole(plan, connection));
        }
    }

    /// Gives the reply back if there are no rows.
    fn stream_rows(&self, plan: &Plan, connection: &mut Connection, reply: Reply) -> Option<Reply> {
        match self.first_blocks(plan, connection) {
            Ok(None) => return Some(reply),
            Err(failure) => drop(reply.send(Err(failure))),
            Ok(Some(mut rows)) => {
                if let Some(Ok(None)) = rows.next {
                    let body = self
                        .encoded(rows.ready.clone())
                        .map(|bytes| Answer::Whole(Some(bytes)));
                    let _ = reply.send(body.map(|body| rows.head(plan, body)));
                } else {
                    self.send_rows(plan, &mut rows, reply);
                }
            }
        }
        None
    }

    /// Fetches two blocks: a result of one block goes out with its length, in one write.
    fn first_blocks<'a>(
        &self,
        plan: &Plan,
        connection: &'a mut Connection,
    ) -> Result<Option<Rows<'a>>, Failure> {
        let stream = connection.stream(&plan.sql, &plan.format, &plan.parameters);
        let mut stream = stream.map_err(Failure::of_engine)?;
        let Some(first) = stream.fetch().map_err(Failure::of_engine)? else {
            return Ok(None);
        };
        let counts = first.counts();
        let mut joiner = Joiner::new(&plan.format);
        let ready = joiner.join(first).ok_or_else(misfit)?;
        let next = Some(stream.fetch());
        Ok(Some(Rows {
            stream,
            joiner,
            counts,
            ready,
            next,
        }))
    }

    fn send_rows(&self, plan: &Plan, rows: &mut Rows<'_>, reply: Reply) {
        let encoder = match self.encoding.encoder() {
            Ok(encoder) => encoder,
            Err(error) => return drop(reply.send(Err(Failure::new(1000, &error.to_string())))),
        };
        let (mut output, queue) = Output::new(encoder);
        let body = Answer::Rows(output::Rows {
            queue,
            _cancel: self.cancel.guard(),
        });
        if reply.send(Ok(rows.head(plan, body))).is_err() {
            return;
        }
        loop {
            if !output.send(std::mem::take(&mut rows.ready)) {
                return;
            }
            let end = match rows.advance() {
                Ok(true) => continue,
                Ok(false) => Ok(()),
                Err(failure) => Err(failure),
            };
            self.cancel.done();
            return match end {
                Ok(()) => output.finish(),
                Err(failure) => output.fail(&failure, &exception_tag(&self.tag)),
            };
        }
    }
}

/// A streamed result, one block ahead.
struct Rows<'a> {
    stream: Stream<'a>,
    joiner: Joiner,
    counts: Counts,
    ready: Bytes,
    next: Option<Result<Option<Block>, String>>,
}

impl Rows<'_> {
    fn head(&self, plan: &Plan, body: Answer) -> Head {
        Head {
            counts: self.counts,
            format: plan.format.clone(),
            body,
        }
    }

    /// Makes the next block ready; `false` at the end.
    fn advance(&mut self) -> Result<bool, Failure> {
        let next = self.next.take().unwrap_or_else(|| self.stream.fetch());
        let Some(block) = next.map_err(Failure::of_engine)? else {
            return Ok(false);
        };
        self.ready = self.joiner.join(block).ok_or_else(misfit)?;
        Ok(true)
    }
}

fn misfit() -> Failure {
    Failure::new(49, "the blocks of the result do not fit. (LOGICAL_ERROR)")
}

/// The 16 letters of `X-ClickHouse-Exception-Tag`.
pub(crate) fn exception_tag(tag: &str) -> String {
    tag.chars().filter(char::is_ascii_hexdigit).take(16).collect()
}
