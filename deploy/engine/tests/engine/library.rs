//! Where the library comes from: fetched once for real, found again, damage told.

use footfall_engine::library::{LIBRARY_BYTES, LibraryError, PACKAGE_VERSION, locate_in, verify};

use super::server::library;

#[test]
fn the_library_in_use_is_the_pinned_one() {
    verify(&library()).unwrap();
}

#[test]
fn a_cut_library_is_damaged_and_the_error_says_what_to_do() {
    let cache = tempfile::tempdir().unwrap();
    let path = cache.path().join(format!("libchdb-{PACKAGE_VERSION}.so"));
    std::fs::write(&path, b"\x7fELF and no more").unwrap();
    let error = locate_in(cache.path(), &mut |_| {}).unwrap_err();
    assert!(matches!(error, LibraryError::Damaged { .. }));
    let text = error.to_string();
    assert!(
        text.contains("delete it") && text.contains(path.to_str().unwrap()),
        "{text}"
    );
}

#[test]
fn a_flipped_byte_is_found_by_the_full_check() {
    let cache = tempfile::tempdir().unwrap();
    let path = cache.path().join(format!("libchdb-{PACKAGE_VERSION}.so"));
    std::fs::copy(library(), &path).unwrap();
    let mut file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::io::Seek::seek(&mut file, std::io::SeekFrom::Start(LIBRARY_BYTES / 2)).unwrap();
    std::io::Write::write_all(&mut file, b"flipped").unwrap();
    assert_eq!(locate_in(cache.path(), &mut |_| {}).unwrap(), path);
    assert!(matches!(verify(&path), Err(LibraryError::Damaged { .. })));
}
