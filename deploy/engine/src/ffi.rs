//! The only file with `unsafe`: the C API of libchdb, and the few calls to the operating system that the
//! child needs. Signatures are those of `programs/local/chdb.h`, release 26.7.
//!
//! What the API asks for, and the types here uphold: a connection runs one statement at a time (`&mut`);
//! a stream must not outlive its connection (lifetime); every result is destroyed once (`Drop`).
//! Who opens connections and in which order: `session.rs`.

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::marker::PhantomData;
use std::path::Path;
use std::ptr::{self, NonNull};

use bytes::Bytes;

use crate::values::{Classified, Counts, Parameters};

/// A connection handle: `chdb_connect` gives a pointer to it, everything else takes the handle itself.
type RawConnection = *mut c_void;
type RawResult = *mut c_void;
type RawInsert = *mut c_void;
pub(crate) type Lengths = *const usize;
pub(crate) type Strings = *const *const c_char;

/// What the three functions that begin a statement have in common: connection, text, format, parameters.
#[rustfmt::skip]
type Begin = unsafe extern "C" fn(
    RawConnection, *const u8, usize, *const u8, usize, Strings, Lengths, Strings, Lengths, usize,
) -> *mut c_void;

/// Declares the symbols once: as fields of [`Api`] and as the list that is resolved at start, so that a
/// library that lacks one is refused before it has touched the data.
macro_rules! api {
    ($($name:ident: fn($($arg:ty),*) $(-> $ret:ty)?;)*) => {
        /// The functions of libchdb that are used here, all resolved when the library is loaded.
        #[derive(Debug)]
        pub(crate) struct Api { $($name: unsafe extern "C" fn($($arg),*) $(-> $ret)?,)* }

        impl Api {
            fn resolve(library: &libloading::Library) -> Result<Self, libloading::Error> {
                Ok(Self { $(
                    // SAFETY: the type is the one that chdb.h of the pinned release declares for this name.
                    $name: *unsafe {
                        library.get::<unsafe extern "C" fn($($arg),*) $(-> $ret)?>(
                            concat!(stringify!($name), "\0").as_bytes())?
                    },
                )* })
            }
        }
    };
}

api! {
    chdb_version: fn() -> *const c_char;
    chdb_set_signal_handlers_enabled: fn(c_int);
    chdb_connect: fn(c_int, *const *mut c_char) -> *mut RawConnection;
    chdb_close_conn: fn(*mut RawConnection);
    chdb_classify_query_n: fn(RawConnection, *const u8, usize, *const u8, usize, *mut Analysis) -> c_int;
    chdb_query_with_params_n: fn(RawConnection, *const u8, usize, *const u8, usize, Strings, Lengths, Strings, Lengths, usize) -> RawResult;
    chdb_stream_query_with_params_n: fn(RawConnection, *const u8, usize, *const u8, usize, Strings, Lengths, Strings, Lengths, usize) -> RawResult;
    chdb_stream_fetch_result: fn(RawConnection, RawResult) -> RawResult;
    chdb_stream_cancel_query: fn(RawConnection, RawResult);
    chdb_destroy_query_result: fn(RawResult);
    chdb_stream_insert_with_params_n: fn(RawConnection, *const u8, usize, *const u8, usize, Strings, Lengths, Strings, Lengths, usize) -> RawInsert;
    chdb_stream_append: fn(RawInsert, *const c_void, usize) -> c_int;
    chdb_stream_done: fn(RawInsert) -> RawResult;
    chdb_stream_insert_error: fn(RawInsert) -> *const c_char;
    chdb_destroy_insert_stream: fn(RawInsert);
    chdb_result_buffer: fn(RawResult) -> *const u8;
    chdb_result_length: fn(RawResult) -> usize;
    chdb_result_error: fn(RawResult) -> *const c_char;
    chdb_result_elapsed: fn(RawResult) -> f64;
    chdb_result_rows_read: fn(RawResult) -> u64;
    chdb_result_bytes_read: fn(RawResult) -> u64;
    chdb_result_storage_rows_read: fn(RawResult) -> u64;
    chdb_result_storage_bytes_read: fn(RawResult) -> u64;
    chdb_result_rows_written: fn(RawResult) -> u64;
    chdb_result_bytes_written: fn(RawResult) -> u64;
}

/// `chdb_query_analysis_v1`.
#[repr(C)]
#[derive(Debug, Default)]
struct Analysis {
    struct_size: u32,
    statement_count: u32,
    flags: u32,
    query_class: u32,
}

impl Api {
    /// Loads the library for the rest of the process: it has threads of its own and must never be unloaded.
    pub(crate) fn load(path: &Path) -> Result<&'static Self, libloading::Error> {
        // SAFETY: the file is the pinned, hash-checked libchdb or one that the operator named; its
        // initialisers are those of the C++ runtime and of jemalloc and expect nothing of the caller.
        let library = Box::leak(Box::new(unsafe { libloading::Library::new(path) }?));
        let api: &'static Self = Box::leak(Box::new(Self::resolve(library)?));
        // SAFETY: takes an int, touches process-wide flags only; no connection exists yet.
        unsafe { (api.chdb_set_signal_handlers_enabled)(0) };
        Ok(api)
    }

    /// The release, for example `26.7.3`.
    pub(crate) fn version(&self) -> String {
        // SAFETY: returns a static, NUL-terminated string.
        text(unsafe { (self.chdb_version)() }).unwrap_or_default()
    }

    /// Opens a connection. The first one starts the engine, which reads `arguments`; later ones must name
    /// the same `--path`. `None`: refused, the reason is on standard error.
    pub(crate) fn connect(&'static self, arguments: &[CString]) -> Option<Connection> {
        let argv: Vec<*mut c_char> = arguments.iter().map(|a| a.as_ptr().cast_mut()).collect();
        let argc = c_int::try_from(argv.len()).ok()?;
        // SAFETY: argc/argv describe live NUL-terminated strings; the engine copies and never writes them.
        let raw = unsafe { (self.chdb_connect)(argc, argv.as_ptr()) };
        Some(Connection {
            api: self,
            raw: NonNull::new(raw)?,
        })
    }
}

/// One engine connection; closed on drop. Never reused after an error: the next answer would begin with
/// what the failed statement had produced.
#[derive(Debug)]
pub(crate) struct Connection {
    api: &'static Api,
    raw: NonNull<RawConnection>,
}

// SAFETY: chdb guards a connection with a mutex of its own and keeps no thread-local state in it; `&mut self`
// keeps two threads from using it at once.
unsafe impl Send for Connection {}

impl Drop for Connection {
    fn drop(&mut self) {
        // SAFETY: the pointer came from chdb_connect and is closed once; streams borrow the connection, so
        // none is left.
        unsafe { (self.api.chdb_close_conn)(self.raw.as_ptr()) };
    }
}

impl Connection {
    fn handle(&self) -> RawConnection {
        // SAFETY: chdb_connect returned a pointer to a valid handle, alive until drop.
        unsafe { *self.raw.as_ptr() }
    }

    /// Parses without running.
    pub(crate) fn classify(&mut self, sql: &[u8]) -> Classified {
        let size = u32::try_from(size_of::<Analysis>()).unwrap_or(0);
        let mut out = Analysis {
            struct_size: size,
            query_class: 4,
            ..Analysis::default()
        };
        // SAFETY: the text is passed with its length, `out` is large enough for what struct_size says, and a
        // null target database is allowed.
        let state = unsafe {
            (self.api.chdb_classify_query_n)(
                self.handle(),
                sql.as_ptr(),
                sql.len(),
                ptr::null(),
                0,
                &raw mut out,
            )
        };
        let statements = if state == 0 { out.statement_count } else { 0 };
        Classified {
            statements,
            read_only: statements == 1 && out.query_class == 0,
        }
    }

    /// Runs one statement and keeps its whole result. Error: the engine's text.
    pub(crate) fn query(
        &mut self,
        sql: &[u8],
        format: &str,
        parameters: &Parameters,
    ) -> Result<Answer, String> {
        let raw = self.start(self.api.chdb_query_with_params_n, sql, format, parameters);
        Answer { api: self.api, raw }.checked()
    }

    /// Starts a SELECT whose result is fetched block by block.
    pub(crate) fn stream(
        &mut self,
        sql: &[u8],
        format: &str,
        values: &Parameters,
    ) -> Result<Stream<'_>, String> {
        let raw = self.start(self.api.chdb_stream_query_with_params_n, sql, format, values);
        let head = Answer { api: self.api, raw }.checked()?;
        Ok(Stream {
            connection: self,
            head,
            ended: false,
        })
    }

    /// Starts an INSERT that is fed with [`Insert::append`]. `sql` ends before `FORMAT`.
    pub(crate) fn insert(
        &mut self,
        sql: &[u8],
        format: &str,
        values: &Parameters,
    ) -> Result<Insert<'_>, String> {
        let raw = self.start(self.api.chdb_stream_insert_with_params_n, sql, format, values);
        let insert = Insert {
            api: self.api,
            raw,
            connection: PhantomData,
        };
        match insert.error() {
            Some(error) => Err(error),
            None => Ok(insert),
        }
    }

    #[rustfmt::skip]
    fn start(&mut self, begin: Begin, sql: &[u8], format: &str, parameters: &Parameters) -> RawResult {
        let (names, name_sizes, values, value_sizes, count) = parameters.raw();
        let (handle, text, size) = (self.handle(), sql.as_ptr(), sql.len());
        let (format, format_size) = (format.as_ptr(), format.len());
        // SAFETY: every pointer is passed with its length and lives for the call; the engine copies the values.
        // What comes back is never null and belongs to the caller.
        unsafe { begin(handle, text, size, format, format_size, names, name_sizes, values, value_sizes, count) }
    }
}

/// A result of the engine's, destroyed on drop.
#[derive(Debug)]
pub(crate) struct Answer {
    api: &'static Api,
    raw: RawResult,
}

// SAFETY: a result is plain memory of its own, not tied to the connection or thread that made it.
unsafe impl Send for Answer {}
// SAFETY: all access through `&self` only reads.
unsafe impl Sync for Answer {}

impl Drop for Answer {
    fn drop(&mut self) {
        // SAFETY: destroyed once; null is allowed.
        unsafe { (self.api.chdb_destroy_query_result)(self.raw) };
    }
}

impl AsRef<[u8]> for Answer {
    fn as_ref(&self) -> &[u8] {
        // SAFETY: buffer and length describe memory that lives as long as the result.
        unsafe {
            let (data, len) = (
                (self.api.chdb_result_buffer)(self.raw),
                (self.api.chdb_result_length)(self.raw),
            );
            if data.is_null() || len == 0 {
                &[]
            } else {
                std::slice::from_raw_parts(data, len)
            }
        }
    }
}

impl Answer {
    fn checked(self) -> Result<Self, String> {
        // SAFETY: the result is alive; the text belongs to it and is copied.
        match text(unsafe { (self.api.chdb_result_error)(self.raw) }) {
            Some(error) => Err(error),
            None => Ok(self),
        }
    }

    /// The bytes without a copy; the result lives until they are dropped.
    pub(crate) fn into_bytes(self) -> Bytes {
        Bytes::from_owner(self)
    }

    pub(crate) fn counts(&self) -> Counts {
        // SAFETY: plain getters on a live result.
        unsafe {
            let elapsed = std::time::Duration::try_from_secs_f64((self.api.chdb_result_elapsed)(self.raw));
            Counts {
                elapsed_ns: elapsed.map_or(0, |d| u64::try_from(d.as_nanos()).unwrap_or(u64::MAX)),
                result_rows: (self.api.chdb_result_rows_read)(self.raw),
                result_bytes: (self.api.chdb_result_bytes_read)(self.raw),
                read_rows: (self.api.chdb_result_storage_rows_read)(self.raw),
                read_bytes: (self.api.chdb_result_storage_bytes_read)(self.raw),
                written_rows: (self.api.chdb_result_rows_written)(self.raw),
                written_bytes: (self.api.chdb_result_bytes_written)(self.raw),
            }
        }
    }
}

/// A SELECT that is being fetched. Dropped before its end, it is cancelled.
#[derive(Debug)]
pub(crate) struct Stream<'a> {
    connection: &'a mut Connection,
    head: Answer,
    ended: bool,
}

impl Stream<'_> {
    /// The next block in the output format; `None` at the end. Blocks until there is one.
    pub(crate) fn fetch(&mut self) -> Result<Option<Answer>, String> {
        let api = self.connection.api;
        // SAFETY: connection and stream head are alive and belong together.
        let raw = unsafe { (api.chdb_stream_fetch_result)(self.connection.handle(), self.head.raw) };
        let answer = Answer { api, raw }.checked().inspect_err(|_| self.ended = true)?;
        if answer.as_ref().is_empty() {
            self.ended = true;
            return Ok(None);
        }
        Ok(Some(answer))
    }
}

impl Drop for Stream<'_> {
    fn drop(&mut self) {
        if !self.ended {
            // SAFETY: connection and stream head are alive; the head itself is destroyed by its own drop.
            unsafe {
                (self.connection.api.chdb_stream_cancel_query)(self.connection.handle(), self.head.raw);
            };
        }
    }
}

/// An INSERT that takes data. Dropped before [`Insert::finish`] it is cancelled: what has not become a part is gone.
#[derive(Debug)]
pub(crate) struct Insert<'a> {
    api: &'static Api,
    raw: RawInsert,
    connection: PhantomData<&'a mut Connection>,
}

impl Insert<'_> {
    fn error(&self) -> Option<String> {
        // SAFETY: the handle is alive; the text belongs to it and is copied.
        text(unsafe { (self.api.chdb_stream_insert_error)(self.raw) })
    }

    /// Hands over bytes of the input format; the engine copies them, and blocks while it is behind.
    /// `false`: the insert has failed already, [`Insert::finish`] says why.
    pub(crate) fn append(&mut self, data: &[u8]) -> bool {
        // SAFETY: the handle is alive, the bytes are valid for the call.
        unsafe { (self.api.chdb_stream_append)(self.raw, data.as_ptr().cast(), data.len()) == 0 }
    }

    /// Ends the data and waits until it is written. Error: the engine's text.
    pub(crate) fn finish(self) -> Result<Counts, String> {
        // SAFETY: the handle is alive; the result is owned by `Answer`.
        let raw = unsafe { (self.api.chdb_stream_done)(self.raw) };
        Answer { api: self.api, raw }
            .checked()
            .map(|answer| answer.counts())
    }
}

impl Drop for Insert<'_> {
    fn drop(&mut self) {
        // SAFETY: destroyed once, on every path, as the header asks; an open one is cancelled by it.
        unsafe { (self.api.chdb_destroy_insert_stream)(self.raw) };
    }
}

fn text(raw: *const c_char) -> Option<String> {
    if raw.is_null() {
        return None;
    }
    // SAFETY: not null, NUL-terminated, owned by the library and alive for this copy.
    Some(unsafe { CStr::from_ptr(raw) }.to_string_lossy().into_owned())
}

/// Ends the process without running destructors: libchdb's global ones race with its threads.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: never returns, touches no memory.
    unsafe { libc::_exit(code) }
}

/// Asks the kernel to kill this process when the thread that started it ends.
pub(crate) fn die_with_parent() {
    // SAFETY: sets a flag of this process; no pointers.
    unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
}

/// Sends SIGTERM to a child of ours that has not been waited for.
pub(crate) fn terminate(pid: u32) {
    if let Ok(pid) = libc::pid_t::try_from(pid) {
        // SAFETY: a plain system call; the caller holds the unreaped child, so the number is still its own.
        unsafe { libc::kill(pid, libc::SIGTERM) };
    }
}
