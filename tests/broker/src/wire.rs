//! Kafka's protocol, spoken by hand so that this crate needs no client: how a question is asked, and the one by which
//! readiness is known (Metadata, version 1). Another: `acl`.
//!
//! <https://kafka.apache.org/protocol#The_Messages_Metadata>

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Of the question for brokers.
const METADATA: (i16, i16) = (3, 1);

/// Longer than any answer to what is asked here.
const MOST: usize = 1 << 16;

/// Longest wait for a broker that accepts and does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Node ids of the brokers that the one at `port` knows to be there.
pub(crate) fn brokers(port: u16) -> io::Result<Vec<i32>> {
    let mut request = head(METADATA.0, METADATA.1);
    let no_topics = 0_i32.to_be_bytes();
    request.extend(no_topics);
    ids(&ask(port, &request)?).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// The beginning of a request: which, its version, correlation 1, and who asks.
pub(crate) fn head(key: i16, version: i16) -> Vec<u8> {
    let mut bytes = [key.to_be_bytes(), version.to_be_bytes()].concat();
    bytes.extend(1_i32.to_be_bytes());
    string(&mut bytes, "footfall-tests");
    bytes
}

/// Appends a string: an i16 length and the bytes.
pub(crate) fn string(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend(i16::try_from(text.len()).unwrap_or(i16::MAX).to_be_bytes());
    bytes.extend(text.as_bytes());
}

/// The answer to a request, without the correlation id.
pub(crate) fn ask(port: u16, request: &[u8]) -> io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    let length = u32::try_from(request.len()).unwrap_or(u32::MAX);
    stream.write_all(&[&length.to_be_bytes(), request].concat())?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(MOST);
    let mut answer = vec![0; length.min(MOST)];
    stream.read_exact(&mut answer)?;
    Ok(answer.split_off(answer.len().min(4)))
}

/// Brokers: `count i32`, each `node i32, host string, port i32, rack string`; strings have an i16 length, -1 = null.
fn ids(mut bytes: &[u8]) -> Option<Vec<i32>> {
    let count = number(&mut bytes)?;
    (0..count)
        .map(|_| {
            let id = number(&mut bytes)?;
            skip_string(&mut bytes)?;
            number(&mut bytes)?;
            skip_string(&mut bytes)?;
            Some(id)
        })
        .collect()
}

fn number(bytes: &mut &[u8]) -> Option<i32> {
    let (head, rest) = bytes.split_first_chunk::<4>()?;
    *bytes = rest;
    Some(i32::from_be_bytes(*head))
}

fn skip_string(bytes: &mut &[u8]) -> Option<()> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    let length = usize::try_from(i16::from_be_bytes(*head)).unwrap_or(0);
    *bytes = rest.get(length..)?;
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn brokers_are_counted_and_a_cut_answer_is_none() {
        let one = b"\0\0\0\x01\0\0\0\x07\0\x01h\0\0\x01\0\xff\xff";
        assert_eq!(ids(one), Some(vec![7]));
        assert_eq!(ids(&one[..one.len() - 1]), None);
    }
}
