//! Whether this machine has a network at all: when it has none, what cannot be reached is unknown and not down.

use std::time::{Duration, Instant};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;
use tokio::net::{TcpStream, UdpSocket};
use tokio::sync::Mutex;
use tokio::time::timeout;

use crate::catalog::model::Connectivity;

/// Addresses that nobody has (RFC 5737, RFC 3849). Nothing is sent there; the question is only whether there is a way.
const ANYWHERE: [(&str, &str); 2] = [("0.0.0.0:0", "192.0.2.1:9"), ("[::]:0", "[2001:db8::1]:9")];

/// How long an answer is good: when everything fails at once, one look is enough.
const GOOD_FOR: Duration = Duration::from_secs(2);

/// Whether there is a network, looked at again when the answer has become old.
#[derive(Debug, Default)]
pub(super) struct Network {
    last: Mutex<Option<(Instant, Option<String>)>>,
}

impl Network {
    /// Why this machine has no network; none when it has one.
    pub async fn missing(&self, connectivity: Option<&Connectivity>) -> Option<String> {
        let mut last = self.last.lock().await;
        if let Some((at, why)) = &*last
            && at.elapsed() < GOOD_FOR
        {
            return why.clone();
        }
        let why = look(connectivity).await;
        *last = Some((Instant::now(), why.clone()));
        why
    }
}

async fn look(connectivity: Option<&Connectivity>) -> Option<String> {
    match connectivity {
        Some(check) if !check.targets.is_empty() => {
            let reach = |target: &String| timeout(check.timeout.0, TcpStream::connect(target.clone()));
            let mut trying: FuturesUnordered<_> = check.targets.iter().map(reach).collect();
            while let Some(tried) = trying.next().await {
                if matches!(tried, Ok(Ok(_))) {
                    return None;
                }
            }
            Some(format!("this machine reaches none of {} (connectivity)", check.targets.join(", ")))
        }
        _ => {
            for (from, to) in ANYWHERE {
                if let Ok(socket) = UdpSocket::bind(from).await
                    && socket.connect(to).await.is_ok()
                {
                    return None;
                }
            }
            Some("this machine has no way into any network".to_owned())
        }
    }
}
