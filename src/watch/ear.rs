//! The listener with the event loop that it lives in.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::runtime::{Builder, Runtime};
use tokio::sync::oneshot;

use super::backend::Backend;
use crate::error::{Error, Result};
use crate::listen::Listener;

/// A listener that does not answer yet.
pub(super) struct Ear {
    runtime: Runtime,
    listener: Listener,
}

impl Ear {
    /// Takes the place to listen at.
    pub fn open(at: SocketAddr, token: Option<String>) -> Result<Self> {
        let runtime = event_loop("listener")?;
        let listener = runtime.block_on(Listener::bind(at, token))?;
        Ok(Self { runtime, listener })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// Answers until the other end of `ended` is gone.
    pub fn hear(self, backend: Backend, ended: oneshot::Receiver<()>) -> Result<()> {
        self.runtime.block_on(self.listener.serve(Arc::new(backend), async { drop(ended.await) }))
    }
}

/// An event loop for one of the daemon's threads.
pub(super) fn event_loop(whose: &str) -> Result<Runtime> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|cause| Error::environment(format!("the event loop of the {whose} cannot be started")).cause(cause))
}
