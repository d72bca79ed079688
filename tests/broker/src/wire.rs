//! The question by which readiness is known: Metadata, version 1, spoken by hand so that this crate needs no client.
//!
//! <https://kafka.apache.org/protocol#The_Messages_Metadata>

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Length 25, api 3, version 1, correlation 1, client id of eleven bytes, no topics.
const REQUEST: &[u8] = b"\0\0\0\x19\0\x03\0\x01\0\0\0\x01\0\x0bfootfall-up\0\0\0\0";

/// Longer than any answer without topics.
const MOST: usize = 1 << 16;

/// Longest wait for a broker that accepts and does not answer.
const PATIENCE: Duration = Duration::from_secs(2);

/// Node ids of the brokers that the one at `port` knows to be there.
pub(crate) fn brokers(port: u16) -> io::Result<Vec<i32>> {
    let mut stream = TcpStream::connect_timeout(&SocketAddr::from(([127, 0, 0, 1], port)), PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.write_all(REQUEST)?;
    let mut length = [0; 4];
    stream.read_exact(&mut length)?;
    let length = usize::try_from(u32::from_be_bytes(length)).unwrap_or(MOST);
    let mut answer = vec![0; length.min(MOST)];
    stream.read_exact(&mut answer)?;
    // Before the brokers: the correlation id.
    ids(answer.get(4..).unwrap_or_default()).ok_or_else(|| io::ErrorKind::InvalidData.into())
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
    fn the_request_says_its_own_length() {
        let length = u32::try_from(REQUEST.len() - 4).unwrap();
        assert_eq!(REQUEST[..4], length.to_be_bytes());
    }

    #[test]
    fn brokers_are_counted_and_a_cut_answer_is_none() {
        let one = b"\0\0\0\x01\0\0\0\x07\0\x01h\0\0\x01\0\xff\xff";
        assert_eq!(ids(one), Some(vec![7]));
        assert_eq!(ids(&one[..one.len() - 1]), None);
    }
}
