//! A client that writes what it is told, also what no HTTP library would.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// Far longer than anything takes: only a hang meets it.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// One answer.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HashMap<String, String>,
    /// Each `Set-Cookie`.
    pub(crate) set_cookie: Vec<String>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    /// The pair `name=value` of the one cookie that it sets, as a browser sends it back.
    pub(crate) fn cookie(&self) -> &str {
        let mut kept = self
            .set_cookie
            .iter()
            .filter(|line| !line.contains("; Max-Age=0"));
        let only = (kept.next(), kept.next());
        let (Some(line), None) = only else {
            panic!("{self:?}")
        };
        line.split(';').next().unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        let text = String::from_utf8_lossy(&self.body);
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    }

    /// The reason of an answer to a request that failed as a whole.
    pub(crate) fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or_default().to_owned()
    }
}

/// One connection.
pub(crate) struct Client {
    pub(crate) stream: TcpStream,
    read: Vec<u8>,
}

impl Client {
    pub(crate) async fn connect(to: SocketAddr) -> Self {
        Self::from(TcpStream::connect(to).await.unwrap())
    }

    /// From one of the many addresses of the loopback interface.
    pub(crate) async fn connect_from(from: [u8; 4], to: SocketAddr) -> std::io::Result<Self> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::from((from, 0)))?;
        Ok(Self::from(socket.connect(to).await?))
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// The next answer, or none if the server hung up before its end.
    pub(crate) async fn answer(&mut self) -> Option<Answer> {
        let head = loop {
            if let Some(end) = self.read.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            self.more().await?;
        };
        let text = String::from_utf8(self.read.drain(..head).collect()).unwrap();
        let mut lines = text.split("\r\n");
        let status = lines.next()?.split(' ').nth(1)?.parse().unwrap();
        let headers: Vec<_> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let cookies = headers.iter().filter(|(name, _)| name == "set-cookie");
        let set_cookie = cookies.map(|(_, value)| value.clone()).collect();
        let headers: HashMap<_, _> = headers.into_iter().collect();
        let length = headers
            .get("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while self.read.len() < length {
            self.more().await?;
        }
        let body = self.read.drain(..length).collect();
        Some(Answer {
            status,
            headers,
            set_cookie,
            body,
        })
    }

    /// Whether the server has hung up, now or within the patience.
    pub(crate) async fn is_closed(&mut self) -> bool {
        while self.more().await.is_some() {}
        true
    }

    async fn more(&mut self) -> Option<()> {
        let mut piece = [0; 8192];
        let read = tokio::time::timeout(PATIENCE, self.stream.read(&mut piece));
        let read = read
            .await
            .expect("the server neither answers nor hangs up")
            .unwrap_or(0);
        self.read.extend_from_slice(&piece[..read]);
        (read > 0).then_some(())
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Answer {
        // The server may answer and hang up before it has taken all of a body that is too large.
        _ = self.stream.write_all(&request.bytes()).await;
        self.answer().await.expect("the server hung up without an answer")
    }
}

impl From<TcpStream> for Client {
    fn from(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        Self {
            stream,
            read: Vec::new(),
        }
    }
}

/// One request.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, path: &str) -> Self {
        Self {
            line: format!("{method} {path} HTTP/1.1"),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn get(path: &str) -> Self {
        Self::new("GET", path)
    }

    /// Events, as a page's script sends them.
    pub(crate) fn post(body: impl Into<Vec<u8>>) -> Self {
        let mut request = Self::new("POST", "/v1/events").with("content-type", "text/plain;charset=UTF-8");
        request.body = body.into();
        request
    }

    /// The same to another path, its query included.
    pub(crate) fn to(mut self, path: &str) -> Self {
        let method = self.line.split(' ').next().unwrap_or_default();
        self.line = format!("{method} {path} HTTP/1.1");
        self
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self.and(name, value)
    }

    /// Adds a header beside one of the same name.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let mut text = format!("{}\r\nhost: footfall.test\r\n", self.line);
        for (name, value) in &self.headers {
            text += &format!("{name}: {value}\r\n");
        }
        if !self.body.is_empty() || self.line.starts_with("POST") {
            text += &format!("content-length: {}\r\n", self.body.len());
        }
        let mut bytes = (text + "\r\n").into_bytes();
        bytes.extend_from_slice(&self.body);
        bytes
    }
}
