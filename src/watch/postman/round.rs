//! The postman at work.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::Scope;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::sync::oneshot;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Postman;
use super::bag::Bag;
use super::pile::Pile;
use crate::catalog::model::Delivery;
use crate::error::{Error, Result};
use crate::journal::SqliteJournal;
use crate::ledger::About;
use crate::post::{Delivered, Outcome};
use crate::view::watch::Posted;
use crate::watch::ear::event_loop;
use crate::watch::voice::Told;

/// How often the journal is looked at for something new; that costs next to nothing.
const LOOK: Duration = Duration::from_millis(500);

/// How long after a failure of the journal it is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// How long deliveries under way are waited for at the end.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// So many deliveries to one channel are under way at the same time.
const AT_ONCE: usize = 4;

/// A round of deliveries that has ended.
struct Done {
    id: String,
    channel: String,
    about: About,
    delivered: Result<Vec<Delivered>>,
}

/// What is brought to a channel.
struct Parcel<'a> {
    bag: Arc<Bag<'a>>,
    journal: &'a SqliteJournal,
    is_closed: Arc<AtomicBool>,
    id: String,
    channel: String,
    about: About,
}

impl Parcel<'_> {
    async fn bring(mut self) -> Done {
        let goes_on = || !self.is_closed.load(Ordering::Relaxed);
        let delivered = self.bag.deliver(self.journal, &mut self.about, &self.channel, &goes_on).await;
        self.done(delivered)
    }

    /// The same on a thread that has nothing else to do.
    fn bring_alone(self) -> Done {
        match event_loop("postman") {
            Ok(runtime) => runtime.block_on(self.bring()),
            Err(error) => self.done(Err(error)),
        }
    }

    fn done(self, delivered: Result<Vec<Delivered>>) -> Done {
        Done { id: self.id, channel: self.channel, about: self.about, delivered }
    }
}

/// The postman at work.
pub(super) struct Round<'s, 'a> {
    postman: Postman<'a>,
    /// Where threads live for what would keep all other deliveries waiting.
    threads: &'s Scope<'s, 'a>,
    bag: Arc<Bag<'a>>,
    pile: Pile<'a>,
    /// What and which channel: each is served by one delivery after another.
    under_way: BTreeSet<(String, String)>,
    /// Nothing comes of one whose thread broke down.
    sending: FuturesUnordered<LocalBoxFuture<'a, Option<Done>>>,
    is_closed: Arc<AtomicBool>,
    /// While the journal fails: when it is tried again.
    again: Option<Instant>,
}

impl<'s, 'a> Round<'s, 'a> {
    pub fn new(postman: Postman<'a>, threads: &'s Scope<'s, 'a>) -> Self {
        Self {
            bag: Arc::new(Bag::new(Arc::clone(&postman.workspace), postman.place)),
            postman,
            threads,
            pile: Pile::default(),
            under_way: BTreeSet::new(),
            sending: FuturesUnordered::new(),
            is_closed: Arc::default(),
            again: None,
        }
    }

    pub async fn go(&mut self) {
        let mut looks = interval(LOOK);
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = self.postman.ended.changed() => break,
                _ = looks.tick() => self.look(),
                Some(done) = self.sending.next() => match done.map(|done| self.done(done)) {
                    Some(true) => self.look(),
                    Some(false) => {}
                    None => break,
                }
            }
        }
        self.is_closed.store(true, Ordering::Relaxed);
        let all = async {
            while let Some(Some(done)) = self.sending.next().await {
                self.done(done);
            }
        };
        // What is cut off here is an attempt without an outcome; the next postman says what may be done about it.
        let _ = timeout(LAST_WAIT, all).await;
    }

    fn look(&mut self) {
        self.follow_definitions();
        if self.again.is_some_and(|again| Instant::now() < again) {
            return;
        }
        match self.read() {
            Ok(()) => {
                if self.again.take().is_some() {
                    self.postman.voice.trouble("the outbox is at work again; nothing was lost");
                }
                self.begin_due();
            }
            Err(error) => self.failed(&error),
        }
    }

    fn failed(&mut self, error: &Error) {
        if self.again.replace(Instant::now() + AGAIN).is_none() {
            self.postman.voice.trouble(format!("messages cannot be sent now, and wait: {error}"));
        }
        self.pile.forget();
    }

    fn follow_definitions(&mut self) {
        if let Some(workspace) = self.postman.board.workspace()
            && !Arc::ptr_eq(&workspace, &self.bag.workspace)
        {
            self.bag = Arc::new(Bag::new(workspace, self.postman.place));
        }
    }

    fn read(&mut self) -> Result<()> {
        let ledger = self.bag.ledger(self.postman.journal);
        for error in self.pile.read(&ledger, self.postman.journal)? {
            self.postman
                .voice
                .trouble(format!("some messages wait, for they cannot be read; others are sent: {error}"));
        }
        Ok(())
    }

    fn begin_due(&mut self) {
        let ledger = self.bag.ledger(self.postman.journal);
        let mut due: Vec<(About, String)> = Vec::new();
        self.bag.with_post(&ledger, |post| {
            for about in self.pile.open() {
                due.extend(post.due_channels(about).into_iter().map(|channel| (about.clone(), channel)));
            }
        });
        for (about, channel) in due {
            let to_channel = self.under_way.iter().filter(|(_, busy)| *busy == channel).count();
            let key = (about.id().to_owned(), channel);
            if to_channel < self.at_once(&key.1) && self.under_way.insert(key.clone()) {
                self.begin(about, key);
            }
        }
    }

    // One who makes the page puts on it what others have queued, too.
    fn at_once(&self, channel: &str) -> usize {
        if self.is_page(channel) { 1 } else { AT_ONCE }
    }

    fn is_page(&self, channel: &str) -> bool {
        let channel = self.bag.workspace.loaded.catalog.settings.channels.get(channel);
        channel.is_some_and(|channel| matches!(channel.delivery, Some(Delivery::Page(_))))
    }

    fn begin(&self, about: About, (id, channel): (String, String)) {
        let (bag, journal, is_closed) = (Arc::clone(&self.bag), self.postman.journal, Arc::clone(&self.is_closed));
        let is_page = self.is_page(&channel);
        let parcel = Parcel { bag, journal, is_closed, id, channel, about };
        if !is_page {
            return self.sending.push(Box::pin(async { Some(parcel.bring().await) }));
        }
        // Making the page reads much and waits for the disk, and nothing else is done meanwhile by its thread.
        let (tell, told) = oneshot::channel();
        self.threads.spawn(|| drop(tell.send(parcel.bring_alone())));
        self.sending.push(Box::pin(async { told.await.ok() }));
    }

    // Whether something was done.
    fn done(&mut self, done: Done) -> bool {
        self.under_way.remove(&(done.id, done.channel));
        match done.delivered {
            Ok(delivered) => {
                for posted in tell(&done.about, &delivered) {
                    self.postman.voice.say(Told::Posted(posted));
                }
                !delivered.is_empty()
            }
            Err(error) => {
                self.failed(&error);
                false
            }
        }
    }
}

// What is the same is told once. Of attempts that fail and are made again only the first is news.
fn tell(about: &About, delivered: &[Delivered]) -> Vec<Posted> {
    let mut told: Vec<Posted> = Vec::new();
    for one in delivered {
        let (outcome, detail) = match &one.outcome {
            Outcome::Sent(how) => ("sent", Some(how)),
            Outcome::ByHand => ("by hand", None),
            Outcome::Later(_) if attempts(about, one) > 1 => continue,
            Outcome::Later(why) => ("later", Some(why)),
            Outcome::Uncertain(why) => ("uncertain", Some(why)),
            Outcome::Failed(why) => ("failed", Some(why)),
        };
        let is_same = |known: &&mut Posted| {
            known.message == one.message
                && known.outcome == outcome
                && (outcome == "sent" || known.detail.as_ref() == detail)
        };
        match told.iter_mut().find(is_same) {
            Some(known) => known.count += 1,
            None => told.push(Posted {
                message: one.message.clone(),
                channel: one.target.channel.clone(),
                outcome,
                detail: detail.cloned(),
                count: 1,
            }),
        }
    }
    told
}

fn attempts(about: &About, one: &Delivered) -> u32 {
    let id = one.message.rsplit_once('.').map_or("m1", |(_, id)| id);
    let leg = about.outbox().mail(id).and_then(|mail| mail.legs.iter().find(|leg| leg.target == one.target));
    leg.map_or(0, |leg| leg.attempts)
}
