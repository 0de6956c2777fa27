//! The messages of the health protocol, in the encoding of protocol buffers.

use std::fmt;

/// How a service is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Serving(u64);

impl Serving {
    /// Reads the answer: five bytes before the message, and in it the field 1.
    pub fn read(answer: &[u8]) -> Option<Self> {
        let (head, message) = answer.split_at_checked(5)?;
        let length = usize::try_from(u32::from_be_bytes(head[1..].try_into().ok()?)).ok()?;
        // It is neither packed, which nobody asked for, nor one of many.
        if head[0] != 0 || message.len() != length {
            return None;
        }
        status(message).map(Self)
    }
}

impl fmt::Display for Serving {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => out.write_str("UNKNOWN"),
            1 => out.write_str("SERVING"),
            2 => out.write_str("NOT_SERVING"),
            3 => out.write_str("SERVICE_UNKNOWN"),
            other => write!(out, "{other}"),
        }
    }
}

/// The question for a service; for the server itself, when the name is empty.
pub(super) fn question(service: &str) -> Vec<u8> {
    let mut field = Vec::new();
    if !service.is_empty() {
        field.push(0x0a); // the field 1, a text
        put(&mut field, service.len());
        field.extend_from_slice(service.as_bytes());
    }
    let length = u32::try_from(field.len()).unwrap_or(u32::MAX);
    let mut question = vec![0];
    question.extend(length.to_be_bytes());
    question.extend(field);
    question
}

fn put(out: &mut Vec<u8>, mut number: usize) {
    while number >= 0x80 {
        out.push(number.to_le_bytes()[0] | 0x80);
        number >>= 7;
    }
    out.push(number.to_le_bytes()[0]);
}

// Fields that a later version has are passed over.
fn status(mut message: &[u8]) -> Option<u64> {
    let mut status = 0;
    while !message.is_empty() {
        let key = take(&mut message)?;
        match (key >> 3, key & 7) {
            (1, 0) => status = take(&mut message)?,
            (_, 0) => drop(take(&mut message)?),
            (_, 1) => message = message.get(8..)?,
            (_, 2) => {
                let length = usize::try_from(take(&mut message)?).ok()?;
                message = message.get(length..)?;
            }
            (_, 5) => message = message.get(4..)?,
            _ => return None,
        }
    }
    Some(status)
}

fn take(bytes: &mut &[u8]) -> Option<u64> {
    let mut number = 0;
    for at in 0..10 {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        number |= u64::from(byte & 0x7f) << (at * 7);
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

/// The words of `grpc-message`, which has percent signs for what a header cannot hold.
pub(super) fn unescaped(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        let byte = after.get(..2).filter(|_| *first == b'%').and_then(hex);
        bytes.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

fn hex(digits: &[u8]) -> Option<u8> {
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | u8::try_from((*digit as char).to_digit(16)?).ok()?))
}

#[cfg(test)]
mod tests {
    use super::{Serving, question, unescaped};

    #[test]
    fn questions_name_the_service() {
        assert_eq!(question(""), [0, 0, 0, 0, 0]);
        assert_eq!(question("ab"), [0, 0, 0, 0, 4, 0x0a, 2, b'a', b'b']);
        let long = question(&"x".repeat(200));
        assert_eq!((&long[..8], long.len()), (&[0, 0, 0, 0, 203, 0x0a, 0xc8, 0x01][..], 208));
    }

    #[test]
    fn answers_are_read() {
        let read = |message: &[u8]| {
            let length = u32::try_from(message.len()).unwrap().to_be_bytes();
            Serving::read(&[&[0], &length[..], message].concat()).map(|serving| serving.to_string())
        };
        for (message, expected) in [
            (&[][..], Some("UNKNOWN")),
            (&[8, 1], Some("SERVING")),
            (&[8, 2], Some("NOT_SERVING")),
            (&[8, 3], Some("SERVICE_UNKNOWN")),
            (&[8, 0x80, 1], Some("128")),
            (&[0x12, 2, 9, 9, 0x18, 5, 0x25, 1, 2, 3, 4, 0x29, 1, 2, 3, 4, 5, 6, 7, 8, 8, 1], Some("SERVING")),
            (&[8], None),
            (&[8, 0xff], None),
            (&[0x12, 200, 1], None),
            (&[0x0b], None),
            (&[8, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1], None),
        ] {
            assert_eq!(read(message).as_deref(), expected, "{message:?}");
        }
        for wrong in [&[][..], &[0, 0, 0], &[1, 0, 0, 0, 0], &[0, 0, 0, 0, 9, 8, 1], &[0, 255, 255, 255, 255]] {
            assert_eq!(Serving::read(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn words_lose_their_percent_signs() {
        for (text, expected) in [("a%20b%C3%A9", "a bé"), ("100%", "100%"), ("%zz%4", "%zz%4"), ("", "")] {
            assert_eq!(unescaped(text), expected);
        }
    }
}
