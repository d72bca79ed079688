//! The short way reads what `serde_json` reads, or leaves it to it.

use super::{Event, read, special};

const FULL: &str = r#"{"v":1,"id":"01932f4c-8d1e-7c3a-9b5f-0123456789ab","site":"demo","type":"custom","name":"a \"name\"","visitor":"01932f4c-8d1e-8c3a-9b5f-0123456789ab","session":"01932f4c-8d1e-8c3a-9b5f-0123456789ac","session_start":5,"session_reason":"campaign","decision":"cookie","user_id":"u\\1","page_id":"01932f4c-8d1e-7c3a-9b5f-0123456789ad","seq":1,"attempt":2,"time":3,"ts":4,"sent_at":922337203685477580,"received_at":6,"url":"https://a.example/?q=a long one without anything to be escaped in it at all","title":"\u0000\u001f\n\t\b 完了 👟 \ud83d\udc5f","referrer":"r","engagement_ms":7,"scroll":8,"screen_w":9,"screen_h":10,"viewport_w":11,"viewport_h":4294967295,"language":"de","timezone":"UTC","ip":"203.0.113.0","ip_source":"forwarded","origin":"https://a.example","user_agent":"M","accept_language":"de","hints":{"ua":"\"C\";v=\"1\"","full":"f","mobile":"?0","platform":"p","platform_version":"1","model":"m"},"gpc":true,"dnt":true,"consent":"granted","token":"t","flags":["id_made","late"],"props":{"a":"1","b\"":"[\"x\"]","":""},"traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}"#;

/// Whether the short way has read it, and rightly.
fn agrees(text: &str) -> bool {
    let Some(event) = read(text) else { return false };
    let wanted = serde_json::from_str::<Event<'_>>(text);
    assert_eq!(Some(event), wanted.ok(), "{text}");
    true
}

#[test]
fn what_this_release_writes_is_read_here() {
    assert!(agrees(FULL));
    let whole: serde_json::Map<_, _> = serde_json::from_str(FULL).unwrap();
    for off in whole.keys() {
        let mut less = whole.clone();
        less.remove(off);
        // A map has lost the order of the fields; the writer gives it back.
        let less = serde_json::to_string(&less).unwrap();
        let Ok(event) = serde_json::from_str::<Event<'_>>(&less) else {
            continue;
        };
        let mut written = Vec::new();
        event.write_json(&mut written);
        assert!(agrees(std::str::from_utf8(&written).unwrap()), "without {off}");
    }
}

#[test]
fn a_wrong_byte_anywhere_is_read_as_serde_reads_it() {
    let mut read_here = 0;
    for (at, found) in FULL.char_indices() {
        let (before, after) = (&FULL[..at], &FULL[at + found.len_utf8()..]);
        for byte in [
            "", "0", "9", "-", ".", "e", "a", "\"", "\\", "{", "}", "[", "]", ",", ":", " ", "\n", "\u{1f}",
            "\0", "é", "\",\"", "\"\"",
        ] {
            read_here += usize::from(agrees(&format!("{before}{byte}{after}")));
            read_here += usize::from(agrees(&format!("{before}{byte}{found}{after}")));
        }
        agrees(before);
    }
    assert!(read_here > 5_000, "{read_here}");
}

#[test]
fn the_first_special_byte_is_found_wherever_it_stands() {
    for at in 0..8 {
        for byte in 0..=255_u8 {
            for around in [b'a', 0x20, 0x7f, 0x80, 0xff, b'!', b'#', b'[', b']'] {
                let mut word = [around; 8];
                word[at] = byte;
                let found = special(u64::from_le_bytes(word));
                let wanted = byte < 0x20 || byte == b'"' || byte == b'\\';
                assert_eq!(found != 0, wanted, "{word:?}");
                if wanted {
                    assert_eq!(found.trailing_zeros() as usize / 8, at, "{word:?}");
                }
            }
        }
    }
}
