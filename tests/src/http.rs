//! A plain HTTP/1.1 client over one kept-alive connection. It never sends a request twice by itself: whether an answer
//! came is exactly what the fault tests want to know.

use anyhow::{Context, Result, bail};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A status, the headers in lower case, and the body.
#[derive(Debug, Clone)]
pub struct Answer {
    /// HTTP status.
    pub status: u16,
    /// Headers, names in lower case.
    pub headers: Vec<(String, String)>,
    /// The whole body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The value of a header, by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// The body as text.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// A client of one address. The connection is opened when it is needed and dropped after any error.
#[derive(Debug)]
pub struct Client {
    address: SocketAddr,
    timeout: Duration,
    connection: Option<BufReader<TcpStream>>,
}

impl Client {
    /// A client that gives up on a read or write after `timeout`.
    #[must_use]
    pub const fn new(address: SocketAddr, timeout: Duration) -> Self {
        Self {
            address,
            timeout,
            connection: None,
        }
    }

    /// Sends one request and reads its answer.
    ///
    /// # Errors
    /// No answer came; whether the server took the request is then unknown.
    pub fn request(
        &mut self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.connect()?,
        };
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n",
            self.address,
            body.len()
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut message = head.into_bytes();
        message.extend_from_slice(body);
        connection
            .get_mut()
            .write_all(&message)
            .context("send a request")?;
        let (answer, keep) = read_answer(&mut connection)?;
        if keep {
            self.connection = Some(connection);
        }
        Ok(answer)
    }

    fn connect(&self) -> Result<BufReader<TcpStream>> {
        let stream = TcpStream::connect_timeout(&self.address, self.timeout).context("connect")?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        Ok(BufReader::new(stream))
    }
}

fn read_line(connection: &mut BufReader<TcpStream>) -> Result<String> {
    let mut line = String::new();
    if connection.read_line(&mut line).context("read an answer")? == 0 {
        bail!("the connection was closed before an answer");
    }
    Ok(line.trim_end().to_owned())
}

fn read_answer(connection: &mut BufReader<TcpStream>) -> Result<(Answer, bool)> {
    let first = read_line(connection)?;
    let status = first
        .split(' ')
        .nth(1)
        .and_then(|code| code.parse().ok())
        .with_context(|| format!("status line {first}"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection)?;
        let Some((name, value)) = line.split_once(':') else {
            break;
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
    let mut answer = Answer {
        status,
        headers,
        body: Vec::new(),
    };
    let length = answer
        .header("content-length")
        .and_then(|length| length.parse::<usize>().ok());
    let mut keep = answer.header("connection") != Some("close");
    if answer.header("transfer-encoding") == Some("chunked") {
        answer.body = read_chunks(connection)?;
    } else if let Some(length) = length {
        answer.body = vec![0; length];
        connection
            .read_exact(&mut answer.body)
            .context("read an answer's body")?;
    } else if status != 204 && status != 304 {
        connection
            .read_to_end(&mut answer.body)
            .context("read an answer's body")?;
        keep = false;
    }
    Ok((answer, keep))
}

fn read_chunks(connection: &mut BufReader<TcpStream>) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let line = read_line(connection)?;
        let size =
            usize::from_str_radix(line.split(';').next().unwrap_or(""), 16).context("read a chunk's size")?;
        let start = body.len();
        body.resize(start + size, 0);
        connection
            .read_exact(&mut body[start..])
            .context("read a chunk")?;
        read_line(connection)?;
        if size == 0 {
            return Ok(body);
        }
    }
}
