//! Who gets a mail: the rows of a CSV file, or a list.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::Read as _;

use csv::{ErrorKind, ReaderBuilder, StringRecord, Trim};

use crate::catalog::model::{Email, Recipient, Recipients, is_mail_address};
use crate::channel::{Courier, NotDelivered};
use crate::expand::Filler;
use crate::ground::plain_line;

/// The column with the address.
const EMAIL: &str = "email";

/// A list of recipients is not longer than this, in bytes.
const LONGEST: u64 = 16 * 1024 * 1024;

/// Everybody who gets a mail. One mistake, and nobody does.
pub(in crate::channel) fn recipients(email: &Email, courier: &Courier<'_>) -> Result<Vec<Recipient>, NotDelivered> {
    let all = match &email.to {
        Recipients::File(file) => of_file(file, courier),
        Recipients::List(list) => of_list(list, courier),
    }?;
    if all.is_empty() { Err(nobody()) } else { Ok(all) }
}

/// There is nobody to write to.
pub(super) fn nobody() -> NotDelivered {
    NotDelivered::finally("the channel has no recipients: there is nobody to write to")
}

fn of_list(list: &[Recipient], courier: &Courier<'_>) -> Result<Vec<Recipient>, NotDelivered> {
    let (mut all, mut fill) = (Everybody::default(), Filler::new(courier.vars));
    for (index, one) in list.iter().enumerate() {
        let address = fill.plain(&one.address);
        if !fill.unset.is_empty() {
            return Err(NotDelivered::unset(&fill.unset));
        }
        let place = format!("recipient {}", index + 1);
        all.add(address.trim(), one.fields.clone(), &place).map_err(NotDelivered::finally)?;
    }
    Ok(all.list)
}

fn of_file(file: &str, courier: &Courier<'_>) -> Result<Vec<Recipient>, NotDelivered> {
    let path = courier.dir.join(file);
    let shown = plain_line(file);
    let cannot = |why: String| NotDelivered::finally(format!("the recipients cannot be read: {why}"));
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(cannot(format!("{shown} is not a regular file")));
    }
    let mut text = Vec::new();
    let read = File::open(&path).and_then(|found| found.take(LONGEST + 1).read_to_end(&mut text));
    match read {
        Err(error) => Err(cannot(format!("{shown}: {error}"))),
        Ok(length) if length as u64 > LONGEST => Err(cannot(format!("{shown} has more than {LONGEST} bytes"))),
        Ok(_) => rows(&text, &shown).map_err(cannot),
    }
}

fn rows(text: &[u8], file: &str) -> Result<Vec<Recipient>, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(text);
    let header = reader.headers().map_err(|error| explain(file, &error))?.clone();
    check_header(&header, file)?;
    let mut all = Everybody::default();
    for row in reader.records() {
        let row = row.map_err(|error| explain(file, &error))?;
        let line = row.position().map_or(0, csv::Position::line);
        let mut fields: BTreeMap<String, String> =
            header.iter().zip(&row).map(|(column, value)| (column.to_owned(), value.to_owned())).collect();
        let address = fields.remove(EMAIL).unwrap_or_default();
        all.add(&address, fields, &format!("{file}:{line}"))?;
    }
    Ok(all.list)
}

fn check_header(header: &StringRecord, file: &str) -> Result<(), String> {
    for (index, column) in header.iter().enumerate() {
        if header.iter().take(index).any(|before| before == column) {
            return Err(format!("{file}:1: two columns are called `{}`", plain_line(column)));
        }
    }
    if header.iter().any(|column| column == EMAIL) {
        return Ok(());
    }
    let columns: Vec<String> = header.iter().map(plain_line).collect();
    let columns = columns.join(", ");
    Err(format!("{file}:1: no column is called `{EMAIL}`; the first line names the columns, and it is `{columns}`"))
}

fn explain(file: &str, error: &csv::Error) -> String {
    let line = error.position().map_or(1, csv::Position::line);
    match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("{file}:{line}: it has {len} values, and the first line names {expected_len} columns")
        }
        ErrorKind::Utf8 { .. } => format!("{file}:{line}: it is not UTF-8: save the file as UTF-8"),
        _ => format!("{file}:{line}: {error}"),
    }
}

/// Everybody so far, and where each of them was found.
#[derive(Default)]
struct Everybody {
    list: Vec<Recipient>,
    places: HashMap<String, String>,
}

impl Everybody {
    fn add(&mut self, address: &str, mut fields: BTreeMap<String, String>, place: &str) -> Result<(), String> {
        if !is_mail_address(address) {
            return Err(format!("{place}: `{}` is no address", plain_line(address)));
        }
        if let Some(before) = self.places.insert(address.to_lowercase(), place.to_owned()) {
            return Err(format!("{place}: {address} stands at {before}, too; everybody is written to once"));
        }
        // Whoever asks for it gets the address itself.
        fields.remove(EMAIL);
        self.list.push(Recipient { address: address.to_owned(), fields });
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn a_row_is_a_recipient() {
        let text =
            "\u{feff}name, email ,plan\r\n\"Ana, \"\"A\"\"\",ana@example.com,gold\r\n\r\nBo, bo@example.com ,\r\n";
        let all = rows(text.as_bytes(), "c.csv").unwrap();
        let seen: Vec<_> = all.iter().map(|one| (one.address.as_str(), one.fields["name"].as_str())).collect();
        assert_eq!(seen, [("ana@example.com", "Ana, \"A\""), ("bo@example.com", "Bo")]);
        assert_eq!(all[0].fields.keys().collect::<Vec<_>>(), ["name", "plan"]);
    }

    #[test]
    fn every_mistake_has_its_line() {
        for (text, expected) in [
            ("", "c.csv:1: no column is called `email`"),
            ("mail,name\na@b.c,A\n", "the first line names the columns, and it is `mail, name`"),
            ("email,x,x\n", "c.csv:1: two columns are called `x`"),
            ("email,name\na@b.c,A\nbroken,B\n", "c.csv:3: `broken` is no address"),
            ("email,name\n,A\n", "c.csv:2: `` is no address"),
            ("email\n\"a@b.c\r\nBcc: x@y.z\"\n", "c.csv:2: `a@b.c Bcc: x@y.z` is no address"),
            ("email\na@b.c\nd@e.f\nA@B.c\n", "c.csv:4: A@B.c stands at c.csv:2, too"),
            ("email,name\na@b.c\n", "c.csv:2: it has 1 values, and the first line names 2 columns"),
        ] {
            let why = rows(text.as_bytes(), "c.csv").unwrap_err();
            assert!(why.contains(expected), "{text:?}: {why}");
        }
        let why = rows(b"email,name\na@b.c,\xff\n", "c.csv").unwrap_err();
        assert!(why.contains("c.csv:2: it is not UTF-8"), "{why}");
    }
}
