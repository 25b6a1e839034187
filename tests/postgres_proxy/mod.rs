//! Stands between a storage and its server, counts their messages, and cuts between two of them.
//!
//! Knows of the protocol where a message ends and no more (PostgreSQL, "Frontend/Backend Protocol",
//! "Message Formats"): a byte of type and four of length, which count themselves; the client's
//! first message has no type.
#![allow(clippy::unwrap_used, clippy::panic, dead_code, reason = "shared by tests")]

use std::{
    io::{Error, ErrorKind, Read, Write},
    net::Shutdown,
    os::unix::net::{UnixListener, UnixStream},
    path::{Path, PathBuf},
    sync::{Arc, Condvar, Mutex},
    thread,
    time::Duration,
};

/// Bytes before a message's own: its type and its length.
const HEADER: usize = 5;
/// No message of a test is longer.
const LONGEST: usize = 64 << 20;

/// Whose messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Side {
    Client,
    Server,
}

/// How much still goes through of the message at which the connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Through {
    Nothing,
    Half,
    All,
}

/// Where a connection is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cut {
    pub(crate) side: Side,
    /// At its message with this number, from 0, counted from when the cut was asked for.
    pub(crate) at: usize,
    pub(crate) through: Through,
}

impl Cut {
    /// All cuts of so many messages of the client and of the server. Half a message of the server is
    /// as none to a client that knows where it ends.
    pub(crate) fn all(client: usize, server: usize) -> Vec<Self> {
        let mut cuts = Vec::new();
        for at in 0..client {
            for through in [Through::Nothing, Through::Half, Through::All] {
                cuts.push(Self { side: Side::Client, at, through });
            }
        }
        for at in 0..server {
            for through in [Through::Nothing, Through::All] {
                cuts.push(Self { side: Side::Server, at, through });
            }
        }
        cuts
    }
}

/// Listens on a socket of its own, and reaches the server for whoever comes.
#[derive(Debug)]
pub(crate) struct Proxy {
    directory: PathBuf,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    cut: Option<Cut>,
    /// Of the client and of the server, since they were counted anew.
    messages: [usize; 2],
    /// Both ends of each connection that is open.
    open: Vec<(u64, [UnixStream; 2])>,
    connections: u64,
    /// Nothing goes through, and nobody is told.
    frozen: bool,
}

impl Proxy {
    /// Puts a socket into this directory, for the server whose socket is in that one.
    pub(crate) fn new(directory: &Path, server: &Path) -> Self {
        let socket = |directory: &Path| directory.join(".s.PGSQL.5432");
        let listener = UnixListener::bind(socket(directory)).unwrap();
        let shared = Arc::new(Shared::default());
        let (for_all, server) = (shared.clone(), socket(server));
        // It ends with the test's process.
        thread::spawn(move || {
            for client in listener.incoming() {
                // The server may be away, and then so is the proxy.
                if let Ok(to) = UnixStream::connect(&server) {
                    for_all.join(client.unwrap(), to);
                }
            }
        });
        Self { directory: directory.to_owned(), shared }
    }

    /// Where its socket is.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Counts messages anew, and cuts there if that many come.
    pub(crate) fn cut(&self, cut: Cut) {
        let mut state = self.shared.state.lock().unwrap();
        state.cut = Some(cut);
        state.messages = [0, 0];
    }

    /// Cuts nothing any more; whether there was a cut since it was asked for.
    pub(crate) fn was_cut(&self) -> bool {
        self.shared.state.lock().unwrap().cut.take().is_none()
    }

    /// Messages of the client and of the server since they were counted anew.
    pub(crate) fn messages(&self) -> (usize, usize) {
        let [client, server] = self.shared.state.lock().unwrap().messages;
        (client, server)
    }

    /// Cuts all connections.
    pub(crate) fn cut_all(&self) {
        let state = self.shared.state.lock().unwrap();
        state.open.iter().for_each(|(_, ends)| ends.iter().for_each(shut));
    }

    /// Holds all that comes, as a network does that fails without a word; or lets it go on.
    pub(crate) fn freeze(&self, frozen: bool) {
        self.shared.state.lock().unwrap().frozen = frozen;
        self.shared.changed.notify_all();
    }

    /// Connections that are open.
    pub(crate) fn open(&self) -> usize {
        self.shared.state.lock().unwrap().open.len()
    }
}

fn shut(end: &UnixStream) {
    // It may have gone by itself.
    let _ = end.shutdown(Shutdown::Both);
}

impl Shared {
    /// Lets messages through between these two until one of them goes.
    fn join(self: &Arc<Self>, client: UnixStream, server: UnixStream) {
        let mut state = self.state.lock().unwrap();
        state.connections += 1;
        let number = state.connections;
        let ends = || [client.try_clone().unwrap(), server.try_clone().unwrap()];
        state.open.push((number, ends()));
        drop(state);
        for side in [Side::Client, Side::Server] {
            let ([client, server], shared) = (ends(), self.clone());
            thread::spawn(move || {
                let (from, to) = match side {
                    Side::Client => (client, server),
                    Side::Server => (server, client),
                };
                // Its end is an error like any other.
                let _ = shared.forward(side, &from, &to);
                shut(&from);
                shut(&to);
                shared.state.lock().unwrap().open.retain(|(open, _)| *open != number);
            });
        }
    }

    fn forward(&self, side: Side, mut from: &UnixStream, mut to: &UnixStream) -> Result<(), Error> {
        let mut is_first = side == Side::Client;
        loop {
            let message = read(&mut from, is_first)?;
            is_first = false;
            let through = self.pass(side);
            if through.is_some() && side == Side::Client {
                // Before the server can answer.
                shut(from);
            }
            match through {
                None | Some(Through::All) => to.write_all(&message)?,
                Some(Through::Half) => to.write_all(&message[..message.len() / 2])?,
                Some(Through::Nothing) => {}
            }
            if through.is_some() {
                return Ok(());
            }
        }
    }

    /// Counts a message; how much of it goes through if the connection is cut at it.
    fn pass(&self, side: Side) -> Option<Through> {
        let mut state = self.state.lock().unwrap();
        while state.frozen {
            state = self.changed.wait(state).unwrap();
        }
        let number = state.messages[side as usize];
        state.messages[side as usize] += 1;
        let cut = state.cut.take_if(|cut| cut.side == side && cut.at == number)?;
        Some(cut.through)
    }
}

/// The next message, whole.
fn read(from: &mut impl Read, is_first: bool) -> Result<Vec<u8>, Error> {
    let typed = usize::from(!is_first);
    let mut message = vec![0; HEADER - 1 + typed];
    from.read_exact(&mut message)?;
    let length = u32::from_be_bytes(message[typed..].try_into().unwrap());
    let length = usize::try_from(length).unwrap() + typed;
    if !(message.len()..=LONGEST).contains(&length) {
        return Err(ErrorKind::InvalidData.into());
    }
    let header = message.len();
    message.resize(length, 0);
    from.read_exact(&mut message[header..])?;
    Ok(message)
}

/// Looks again and again until it holds, and fails where it does not within a minute.
pub(crate) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..30_000 {
        if holds() {
            return;
        }
        thread::sleep(Duration::from_millis(2));
    }
    panic!("{what}: not within a minute");
}
