//! A connection as protocols see it: bytes there and back, over TLS or not.

use tokio::io::{AsyncRead, AsyncWrite};

use super::With;
use super::connect::connect;
use super::place::Place;
use super::sight::{Failure, Sight};
use super::tls::Towards;

/// A connection, whatever it goes over.
pub(super) trait Wire: AsyncRead + AsyncWrite + Unpin + Send {}

impl<T: AsyncRead + AsyncWrite + Unpin + Send> Wire for T {}

/// Connects; where there are protocols to offer, even none, it goes over TLS.
pub(super) async fn open(
    place: &Place,
    tls: Option<&[&str]>,
    with: &With<'_>,
    sight: &mut Sight,
) -> Result<Box<dyn Wire>, Failure> {
    let stream = connect(place, with.client, sight).await?;
    let Some(alpn) = tls else { return Ok(Box::new(stream)) };
    let towards = Towards { client: with.client, dir: with.dir, alpn, now: with.now };
    Ok(Box::new(with.trust.handshake(stream, place, towards, sight).await?))
}
