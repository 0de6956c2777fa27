//! The postman at work.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::future::LocalBoxFuture;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, MissedTickBehavior, interval, timeout};

use super::Postman;
use super::bag::Bag;
use crate::error::Result;
use crate::journal::Tail;
use crate::ledger::About;
use crate::message::LegState;
use crate::post::{Delivered, Outcome};
use crate::view::watch::Posted;
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

/// The postman at work.
pub(super) struct Round<'a> {
    postman: Postman<'a>,
    bag: Arc<Bag<'a>>,
    /// None until the journal has been read.
    tail: Option<Tail<'a>>,
    /// What has messages that have not arrived.
    open: BTreeMap<String, About>,
    /// What and which channel: each is served by one delivery after another.
    under_way: BTreeSet<(String, String)>,
    sending: FuturesUnordered<LocalBoxFuture<'a, Done>>,
    is_closed: Rc<Cell<bool>>,
    /// While the journal fails: when it is tried again.
    again: Option<Instant>,
}

impl<'a> Round<'a> {
    pub fn new(postman: Postman<'a>) -> Self {
        Self {
            bag: Arc::new(Bag::new(Arc::clone(&postman.workspace), postman.place)),
            postman,
            tail: None,
            open: BTreeMap::new(),
            under_way: BTreeSet::new(),
            sending: FuturesUnordered::new(),
            is_closed: Rc::default(),
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
                Some(done) = self.sending.next() => {
                    if self.done(done) {
                        self.look();
                    }
                }
            }
        }
        self.is_closed.set(true);
        let all = async {
            while let Some(done) = self.sending.next().await {
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

    fn failed(&mut self, error: &crate::error::Error) {
        if self.again.replace(Instant::now() + AGAIN).is_none() {
            self.postman.voice.trouble(format!("messages cannot be sent now, and wait: {error}"));
        }
        // What was new and could not be read would not be new again.
        self.tail = None;
    }

    fn follow_definitions(&mut self) {
        if let Some(workspace) = self.postman.board.workspace()
            && !Arc::ptr_eq(&workspace, &self.bag.workspace)
        {
            self.bag = Arc::new(Bag::new(workspace, self.postman.place));
        }
    }

    // Everything once, and from then on what is new.
    fn read(&mut self) -> Result<()> {
        let ledger = self.bag.ledger(self.postman.journal);
        let Some(tail) = &mut self.tail else {
            let tail = Tail::at_end(self.postman.journal)?;
            let all = ledger.correspondence()?.into_iter().filter(has_open);
            self.open = all.map(|about| (about.id().to_owned(), about)).collect();
            self.tail = Some(tail);
            return Ok(());
        };
        for (stream, kinds) in tail.touched()? {
            let Some(("incident" | "maintenance" | "message", id)) = stream.split_once('/') else { continue };
            if let Some(about) = self.open.get_mut(id) {
                ledger.catch_up(about)?;
            } else if kinds.iter().any(|kind| kind.starts_with("message_")) {
                self.open.insert(id.to_owned(), ledger.about(id)?);
            }
        }
        self.open.retain(|_, about| has_open(about));
        Ok(())
    }

    fn begin_due(&mut self) {
        let ledger = self.bag.ledger(self.postman.journal);
        let mut due: Vec<(About, String)> = Vec::new();
        self.bag.with_post(&ledger, |post| {
            for about in self.open.values() {
                due.extend(post.due_channels(about).into_iter().map(|channel| (about.clone(), channel)));
            }
        });
        for (about, channel) in due {
            let to_channel = self.under_way.iter().filter(|(_, busy)| *busy == channel).count();
            let key = (about.id().to_owned(), channel);
            if to_channel < AT_ONCE && self.under_way.insert(key.clone()) {
                self.begin(about, key);
            }
        }
    }

    fn begin(&self, mut about: About, (id, channel): (String, String)) {
        let (bag, journal, is_closed) = (Arc::clone(&self.bag), self.postman.journal, Rc::clone(&self.is_closed));
        self.sending.push(Box::pin(async move {
            let delivered = bag.deliver(journal, &mut about, &channel, &|| !is_closed.get()).await;
            Done { id, channel, about, delivered }
        }));
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

fn has_open(about: &About) -> bool {
    let mut legs = about.outbox().mails.iter().flat_map(|mail| &mail.legs);
    legs.any(|leg| matches!(leg.state, LegState::Waiting { .. } | LegState::Trying { .. }))
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
