//! What a name server answered.

use std::net::IpAddr;

use hickory_proto::op::{Message, ResponseCode};
use hickory_proto::rr::{Name, RData, Record, RecordType};

use super::question::Question;

/// How many aliases are followed.
const LONGEST_CHAIN: usize = 16;

/// The code of an answer, and the records that were asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Answer {
    /// The code as everybody writes it: `NXDOMAIN`.
    pub code: String,
    /// The values of the records, sorted.
    pub values: Vec<Value>,
}

/// The value of one record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Value {
    /// An address, a name with its dot, or a text.
    pub text: String,
    /// With everything that the record has beside it: `10 mail.example.com.`
    pub shown: String,
}

impl Answer {
    /// Reads the records of the name that was asked about, or of what it is an alias of.
    pub fn new(message: &Message, question: &Question) -> Self {
        let names = names(message, question);
        let asked = |record: &&Record| record.record_type() == question.record && names.contains(&&record.name);
        let mut values: Vec<Value> = message.answers.iter().filter(asked).filter_map(|one| value(&one.data)).collect();
        values.sort();
        Self { code: code(message.metadata.response_code), values }
    }

    /// Whether the server found nothing wrong.
    pub fn is_good(&self) -> bool {
        self.code == "NOERROR"
    }

    /// The values that are addresses.
    pub fn addresses(&self) -> impl Iterator<Item = IpAddr> {
        self.values.iter().filter_map(|value| value.text.parse().ok())
    }
}

/// The name, and one after the other the names that stand behind it.
fn names<'a>(message: &'a Message, question: &'a Question) -> Vec<&'a Name> {
    let mut names = vec![&question.name];
    let behind = |name: &Name| {
        message.answers.iter().find_map(|record| match &record.data {
            RData::CNAME(alias) if record.name == *name => Some(&alias.0),
            _ => None,
        })
    };
    while question.record != RecordType::CNAME && names.len() <= LONGEST_CHAIN {
        match names.last().and_then(|name| behind(name)) {
            Some(next) if !names.contains(&next) => names.push(next),
            _ => break,
        }
    }
    names
}

fn value(data: &RData) -> Option<Value> {
    let same = |text: String| Value { shown: text.clone(), text };
    Some(match data {
        RData::A(address) => same(address.0.to_string()),
        RData::AAAA(address) => same(address.0.to_string()),
        RData::CNAME(name) => same(name.0.to_ascii()),
        RData::NS(name) => same(name.0.to_ascii()),
        RData::TXT(text) => same(String::from_utf8_lossy(&text.txt_data.concat()).into_owned()),
        RData::MX(mail) => {
            let host = mail.exchange.to_ascii();
            Value { shown: format!("{} {host}", mail.preference), text: host }
        }
        RData::SRV(service) => {
            let host = service.target.to_ascii();
            let shown = format!("{} {} {} {host}", service.priority, service.weight, service.port);
            Value { shown, text: host }
        }
        _ => return None,
    })
}

fn code(code: ResponseCode) -> String {
    let word = match code {
        ResponseCode::NoError => "NOERROR",
        ResponseCode::FormErr => "FORMERR",
        ResponseCode::ServFail => "SERVFAIL",
        ResponseCode::NXDomain => "NXDOMAIN",
        ResponseCode::NotImp => "NOTIMP",
        ResponseCode::Refused => "REFUSED",
        ResponseCode::YXDomain => "YXDOMAIN",
        ResponseCode::YXRRSet => "YXRRSET",
        ResponseCode::NXRRSet => "NXRRSET",
        ResponseCode::NotAuth => "NOTAUTH",
        ResponseCode::NotZone => "NOTZONE",
        // The others have such a word for their name.
        ResponseCode::Unknown(number) => return format!("RCODE{number}"),
        other => return format!("{other:?}"),
    };
    word.to_owned()
}
