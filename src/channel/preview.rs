//! What would be sent.

/// A message exactly as it would leave, without the addresses, keys and signatures that nobody may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Preview {
    /// How it would go: the key of the channel, `webhook`.
    pub kind: &'static str,
    /// To whom: a file, a method with a host, an address.
    pub to: String,
    /// What the other side would get, byte for byte.
    pub body: String,
}
