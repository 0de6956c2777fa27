//! What a name server is asked, and whether an answer belongs to it.

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{self, Name};
use hickory_proto::serialize::binary::{BinDecodable as _, BinEncodable as _};

use crate::catalog::model::RecordType;

/// The longest answer by UDP that is asked for, in bytes: what passes everywhere in one piece.
const PAYLOAD: u16 = 1232;

/// A question.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub name: Name,
    pub record: rr::RecordType,
}

/// A question on its way.
#[derive(Debug)]
pub(super) struct Asked {
    pub bytes: Vec<u8>,
    id: u16,
    query: Query,
}

impl Question {
    /// The question for the records of a name, which is absolute with or without a dot at its end.
    pub fn new(name: &str, record: RecordType) -> Result<Self, String> {
        let mut absolute = Name::from_str_relaxed(name).map_err(|error| format!("`{name}` is not a name: {error}"))?;
        absolute.set_fqdn(true);
        Ok(Self { name: absolute, record: wire(record) })
    }

    /// The question for the wire, with an id that nobody can guess.
    pub fn ask(&self) -> Result<Asked, String> {
        let mut message = Message::query();
        message.metadata.recursion_desired = true;
        let query = Query::query(self.name.clone(), self.record);
        message.add_query(query.clone());
        let mut edns = Edns::new();
        edns.set_max_payload(PAYLOAD);
        message.set_edns(edns);
        let bytes = message.to_bytes().map_err(|error| format!("the question cannot be written: {error}"))?;
        Ok(Asked { bytes, id: message.metadata.id, query })
    }
}

impl Asked {
    /// Reads an answer; the error says why it is none to this question.
    pub fn read(&self, bytes: &[u8]) -> Result<Message, &'static str> {
        let answer = Message::from_bytes(bytes).map_err(|_| "it cannot be read")?;
        if answer.metadata.message_type != MessageType::Response {
            return Err("it is a question");
        }
        if answer.metadata.id != self.id {
            return Err("it has the id of another question");
        }
        // A server that could not even read the question has nothing to repeat.
        let unread = answer.queries.is_empty() && answer.metadata.response_code != ResponseCode::NoError;
        if unread || answer.queries.as_slice() == std::slice::from_ref(&self.query) {
            Ok(answer)
        } else {
            Err("it is about another question")
        }
    }
}

fn wire(record: RecordType) -> rr::RecordType {
    match record {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
        RecordType::Cname => rr::RecordType::CNAME,
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Txt => rr::RecordType::TXT,
        RecordType::Ns => rr::RecordType::NS,
        RecordType::Srv => rr::RecordType::SRV,
    }
}
