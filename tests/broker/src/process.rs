//! The child: started so that it dies with this process, signalled, waited for.

use std::io;
use std::os::unix::process::CommandExt;
use std::process::{Child, Command};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{LazyLock, Mutex};
use std::thread;

use crate::error::BrokerError;

type Order = (Command, SyncSender<io::Result<Child>>);

/// The parent-death signal is sent when the *thread* that forked ends, and a test's thread ends with its test: a
/// broker that tests share must be forked by a thread that never does.
static FORKER: LazyLock<Mutex<SyncSender<Order>>> = LazyLock::new(|| {
    let (orders, queue): (SyncSender<Order>, Receiver<Order>) = sync_channel(0);
    thread::spawn(move || {
        for (mut command, answer) in queue {
            // A caller that is gone wants no child: kill it, nobody else can.
            if let Err(unwanted) = answer.send(command.spawn())
                && let Ok(mut child) = unwanted.0
            {
                drop(child.kill());
            }
        }
    });
    Mutex::new(orders)
});

/// Starts `command`; SIGKILL when this process is gone, however it goes.
pub(crate) fn spawn(mut command: Command, program: &'static str) -> Result<Child, BrokerError> {
    // SAFETY: prctl is async-signal-safe and touches only the child's own state.
    unsafe {
        command.pre_exec(|| match libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) {
            -1 => Err(io::Error::last_os_error()),
            _ => Ok(()),
        });
    }
    let (answer, child) = sync_channel(1);
    let orders = FORKER.lock().unwrap_or_else(|poison| poison.into_inner());
    let sent = orders.send((command, answer));
    drop(orders);
    let gone = || io::Error::other("the forking thread is gone");
    let spawned = sent
        .map_err(|_| gone())
        .and_then(|()| child.recv().map_err(|_| gone())?);
    spawned.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound => BrokerError::Missing {
            program,
            action: "start the broker",
        },
        _ => BrokerError::io("start", program)(source),
    })
}

/// Sends a signal; a child that has ended already is left alone by [`Child`]'s own book-keeping.
pub(crate) fn signal(child: &Child, signal: libc::c_int) {
    if let Ok(pid) = libc::pid_t::try_from(child.id()) {
        // SAFETY: the child has not been waited for, so the id is still its own.
        unsafe { libc::kill(pid, signal) };
    }
}
