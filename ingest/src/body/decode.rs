//! Decompression under a cap: output grows as it comes, so neither a claimed length nor a bomb costs memory.

use crate::answer::Refusal;
use bytes::Bytes;
use footfall_schemas::{Reject, limits};
use std::io::{self, Read};

/// zstd's window: 8 MiB is what every decoder must support (RFC 8878, 3.1.1.1.2); larger ones are refused.
const ZSTD_WINDOW_LOG: u32 = 23;

/// How a body is encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Identity,
    Gzip,
    Brotli,
    Zstd,
}

impl Encoding {
    /// Reads `Content-Encoding`.
    pub(crate) fn of(header: Option<&[u8]>) -> Result<Self, Refusal> {
        let name = header.unwrap_or_default().trim_ascii();
        [
            (&b""[..], Self::Identity),
            (b"identity", Self::Identity),
            (b"gzip", Self::Gzip),
            (b"x-gzip", Self::Gzip),
            (b"br", Self::Brotli),
            (b"zstd", Self::Zstd),
        ]
        .into_iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(name))
        .map(|(_, encoding)| encoding)
        .ok_or_else(|| {
            Refusal::new(
                Reject::ContentEncoding,
                "`content-encoding` must be gzip, br, zstd or identity",
            )
        })
    }
}

/// The decoded body.
pub(crate) fn decode(body: Bytes, encoding: Encoding) -> Result<Bytes, Refusal> {
    let wire = &body[..];
    let decoded = match encoding {
        Encoding::Identity => return Ok(body),
        Encoding::Gzip => read(flate2::bufread::MultiGzDecoder::new(wire), wire.len()),
        Encoding::Brotli => read(brotli::Decompressor::new(wire, 4096), wire.len()),
        Encoding::Zstd => zstd::Decoder::with_buffer(wire)
            .and_then(|mut decoder| decoder.window_log_max(ZSTD_WINDOW_LOG).map(|()| decoder))
            .map_err(|error| corrupt(&error))
            .and_then(|decoder| read(decoder, wire.len())),
    };
    decoded.map(Bytes::from)
}

fn read(decoder: impl Read, wire: usize) -> Result<Vec<u8>, Refusal> {
    let by_ratio = wire
        .saturating_mul(limits::BODY_RATIO)
        .max(limits::BODY_RATIO_FREE_BYTES);
    let most = by_ratio.min(limits::BODY_DECODED_BYTES);
    // Events shrink to a sixth or an eighth.
    let mut decoded = Vec::with_capacity((wire * 8).min(64 * 1024));
    decoder
        .take(most as u64 + 1)
        .read_to_end(&mut decoded)
        .map_err(|error| corrupt(&error))?;
    if decoded.len() > most {
        let detail = format!(
            "a decompressed body has at most {} bytes and {} times its size",
            limits::BODY_DECODED_BYTES,
            limits::BODY_RATIO
        );
        return Err(Refusal::new(Reject::BodyTooLargeDecoded, detail));
    }
    Ok(decoded)
}

fn corrupt(error: &io::Error) -> Refusal {
    tracing::debug!(%error, "could not decompress a body");
    Refusal::new(Reject::BodyCorrupt, "the body cannot be decompressed")
}

#[cfg(test)]
mod tests {
    use super::{Encoding, decode};
    use bytes::Bytes;
    use footfall_schemas::Reject;
    use std::io::Write;

    fn gzip(data: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(data).unwrap();
        encoder.finish().unwrap()
    }

    fn brotli(data: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        brotli::CompressorWriter::new(&mut out, 4096, 9, 22)
            .write_all(data)
            .unwrap();
        out
    }

    fn zstd(data: &[u8]) -> Vec<u8> {
        zstd::stream::encode_all(data, 3).unwrap()
    }

    fn by(encoding: Encoding, wire: Vec<u8>) -> Result<Bytes, Reject> {
        decode(Bytes::from(wire), encoding).map_err(|refusal| refusal.rejection.reason)
    }

    #[test]
    fn what_was_compressed_comes_back() {
        let data = br#"{"site":"demo","type":"page_view"}"#.repeat(100);
        assert_eq!(by(Encoding::Gzip, gzip(&data)).unwrap(), data);
        assert_eq!(by(Encoding::Brotli, brotli(&data)).unwrap(), data);
        assert_eq!(by(Encoding::Zstd, zstd(&data)).unwrap(), data);
        let members = [gzip(b"a"), gzip(b"b")].concat();
        assert_eq!(by(Encoding::Gzip, members).unwrap(), &b"ab"[..]);
    }

    #[test]
    fn a_bomb_is_refused_by_size_and_by_ratio() {
        for bytes in [300 * 1024, 64 * 1024 * 1024] {
            let zeros = vec![b' '; bytes];
            assert_eq!(by(Encoding::Gzip, gzip(&zeros)), Err(Reject::BodyTooLargeDecoded));
            assert_eq!(
                by(Encoding::Brotli, brotli(&zeros)),
                Err(Reject::BodyTooLargeDecoded)
            );
            assert_eq!(by(Encoding::Zstd, zstd(&zeros)), Err(Reject::BodyTooLargeDecoded));
        }
    }

    #[test]
    fn what_is_cut_or_broken_is_refused() {
        let data = br#"{"site":"demo"}"#.repeat(1000);
        for (encoding, whole) in [
            (Encoding::Gzip, gzip(&data)),
            (Encoding::Brotli, brotli(&data)),
            (Encoding::Zstd, zstd(&data)),
        ] {
            let half = whole[..whole.len() / 2].to_vec();
            assert_eq!(by(encoding, half), Err(Reject::BodyCorrupt), "{encoding:?}");
            assert_eq!(
                by(encoding, b"\x1f\x8b not compressed".to_vec()),
                Err(Reject::BodyCorrupt),
                "{encoding:?}"
            );
        }
    }

    #[test]
    fn only_known_encodings_are_taken() {
        assert_eq!(Encoding::of(None).unwrap(), Encoding::Identity);
        assert_eq!(Encoding::of(Some(b" GZIP ")).unwrap(), Encoding::Gzip);
        for bad in [&b"deflate"[..], b"gzip, br", b"\xff"] {
            assert_eq!(
                Encoding::of(Some(bad)).unwrap_err().rejection.reason,
                Reject::ContentEncoding
            );
        }
    }
}
