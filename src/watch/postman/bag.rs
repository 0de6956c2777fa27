//! What a postman carries: the definitions he follows, and who brings messages to channels.

use std::sync::Arc;

use crate::channel::Courier;
use crate::engine::event::Walker;
use crate::error::Result;
use crate::ground::Actor;
use crate::journal::Journal;
use crate::ledger::{About, Ledger};
use crate::post::{Delivered, Post};
use crate::site::publish;
use crate::watch::{ACTOR, Place};
use crate::workspace::{Workspace, courier};

/// Definitions, and a courier who follows them.
pub(in crate::watch) struct Bag<'a> {
    pub workspace: Arc<Workspace>,
    place: &'a Place<'a>,
    courier: Courier<'a>,
}

impl<'a> Bag<'a> {
    /// A bag for these definitions.
    pub fn new(workspace: Arc<Workspace>, place: &'a Place<'a>) -> Self {
        let courier = courier(&workspace, place.surroundings, place.clock);
        Self { workspace, place, courier }
    }

    /// The journal, written to in the name of the daemon.
    pub fn ledger<'s>(&'s self, journal: &'s dyn Journal) -> Ledger<'s> {
        Ledger {
            journal,
            catalog: &self.workspace.loaded.catalog,
            clock: self.place.clock,
            actor: Actor(ACTOR.to_owned()),
            host: self.place.surroundings.host.clone(),
        }
    }

    /// Does something with a post. An attempt of this process counts as one whose process is gone: who asks sees to it
    /// that he makes none meanwhile.
    pub fn with_post<T>(&self, ledger: &Ledger<'_>, work: impl FnOnce(&Post<'_>) -> T) -> T {
        let (surroundings, me) = (self.place.surroundings, self.place.surroundings.walker());
        let is_alive = |walker: &Walker| *walker != me && surroundings.is_alive(walker);
        let publish = |dir: &str| publish(&self.workspace, surroundings, dir, ledger.clock);
        work(&Post { ledger, courier: &self.courier, walker: me.clone(), is_alive: &is_alive, publish: &publish })
    }

    /// Tries what is due of some messages for a channel, as long as it may go on.
    pub async fn deliver(
        &self,
        journal: &dyn Journal,
        about: &mut About,
        channel: &str,
        goes_on: &dyn Fn() -> bool,
    ) -> Result<Vec<Delivered>> {
        let ledger = self.ledger(journal);
        let (surroundings, me) = (self.place.surroundings, self.place.surroundings.walker());
        let is_alive = |walker: &Walker| *walker != me && surroundings.is_alive(walker);
        let publish = |dir: &str| publish(&self.workspace, surroundings, dir, ledger.clock);
        let (ledger, courier, walker) = (&ledger, &self.courier, me.clone());
        let post = Post { ledger, courier, walker, is_alive: &is_alive, publish: &publish };
        post.deliver_to(about, channel, goes_on).await
    }
}
