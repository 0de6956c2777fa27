//! Delivery to a file: one line of JSON a message.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use aho_corasick::AhoCorasick;
use serde::de::IgnoredAny;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::letter::Letter;
use super::{Courier, NotDelivered, Preview, Receipt};
use crate::ground::plain_line;

/// What the file was found to be, or made.
enum Kept {
    Now,
    Already,
}

/// Appends the letter to a file, which only its owner may read when it is made here. A letter that stands there already
/// is not written again.
pub(super) async fn append(written: &str, letter: &Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let (path, shown) = (courier.dir.join(written), plain_line(written));
    let (json, id) = (letter.json()?, letter.message.id.clone());
    // A disk that hangs must not hold up the other channels.
    let work = spawn_blocking(move || write(&path, &json, &id).map_err(|error| explain(&path, &error)));
    let could_not = |why: String| format!("{shown} could not be written: {why}");
    Err(match timeout(courier.patience.usual.0, work).await {
        Ok(Ok(Ok(Kept::Now))) => return Ok(Receipt::taken(format!("written to {shown}"))),
        Ok(Ok(Ok(Kept::Already))) => return Ok(Receipt::taken(format!("it stands in {shown} already"))),
        Ok(Ok(Err(why))) => NotDelivered::for_now(could_not(why)),
        Ok(Err(_)) => NotDelivered::perhaps(could_not("the work was broken off".to_owned())),
        Err(_) => {
            let limit = courier.patience.usual;
            NotDelivered::perhaps(could_not(format!("its disk did not answer within {limit}")))
        }
    })
}

/// The line that would be written.
pub(super) fn preview(written: &str, letter: &Letter) -> Result<Preview, NotDelivered> {
    Ok(Preview { kind: "file", to: plain_line(written), body: letter.json()? })
}

fn write(path: &Path, json: &str, id: &str) -> io::Result<Kept> {
    // Opening a pipe that nobody reads would wait for ever.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // Another writer's half line is no torn one. Where there are no locks, a needless empty line does no harm.
    let _ = file.lock();
    if stands(path, &mut file, id)? {
        return Ok(Kept::Already);
    }
    let separator = if is_torn(&mut file)? { "\n" } else { "" };
    let line = format!("{separator}{json}\n");
    // One write, so that lines of several writers do not mix.
    let length = file.write(line.as_bytes())?;
    if length < line.len() {
        return Err(io::Error::other(format!("only {length} of {} bytes fitted; is the disk full?", line.len())));
    }
    file.sync_data()?;
    Ok(Kept::Now)
}

/// Whether a line of the file is the message with this id, written to its end.
fn stands(path: &Path, file: &mut File, id: &str) -> io::Result<bool> {
    // The id is the first key of a line. Searching for that is much faster than reading every line as JSON.
    let beginning = format!("{{\"id\":{},", serde_json::Value::from(id));
    let search = AhoCorasick::new([&beginning]).map_err(io::Error::other)?;
    file.rewind()?;
    for found in search.stream_find_iter(BufReader::new(&*file)) {
        if is_whole(path, found?.start())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a line begins at this place and is whole.
fn is_whole(path: &Path, start: usize) -> io::Result<bool> {
    let (mut file, start) = (File::open(path)?, start as u64);
    if start > 0 {
        let mut before = [0];
        file.seek(SeekFrom::Start(start - 1))?;
        file.read_exact(&mut before)?;
        if before != *b"\n" {
            return Ok(false);
        }
    }
    file.seek(SeekFrom::Start(start))?;
    let mut values = serde_json::Deserializer::from_reader(BufReader::new(file)).into_iter::<IgnoredAny>();
    Ok(matches!(values.next(), Some(Ok(_))))
}

/// Whether the last line was not written to its end.
fn is_torn(file: &mut File) -> io::Result<bool> {
    if file.metadata()?.len() == 0 {
        return Ok(false);
    }
    let mut last = [0];
    file.seek(SeekFrom::End(-1))?;
    file.read_exact(&mut last)?;
    Ok(last != *b"\n")
}

fn explain(path: &Path, error: &io::Error) -> String {
    match (error.kind(), path.parent()) {
        (ErrorKind::NotFound, Some(parent)) if !parent.is_dir() => {
            format!("its directory {} does not exist; create it", plain_line(&parent.display().to_string()))
        }
        _ => error.to_string(),
    }
}
