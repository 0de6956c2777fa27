//! Delivery to a file: one line of JSON a message.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use tokio::task::spawn_blocking;
use tokio::time::timeout;

use super::letter::Letter;
use super::{Courier, NotDelivered, Receipt};
use crate::ground::plain_line;

/// Appends the letter to a file, which only its owner may read when it is made here.
pub(super) async fn append(written: &str, letter: Letter, courier: &Courier<'_>) -> Result<Receipt, NotDelivered> {
    let (path, shown) = (courier.dir.join(written), plain_line(written));
    // A disk that hangs must not hold up the other channels.
    let work = spawn_blocking(move || write(&path, &letter.json).map_err(|error| explain(&path, &error)));
    let why = match timeout(courier.patience.usual.0, work).await {
        Ok(Ok(Ok(()))) => return Ok(Receipt::Delivered(format!("written to {shown}"))),
        Ok(Ok(Err(why))) => why,
        Ok(Err(_)) => "the work was broken off".to_owned(),
        Err(_) => format!("its disk did not answer within {}", courier.patience.usual),
    };
    Err(NotDelivered::for_now(format!("{shown} could not be written: {why}")))
}

fn write(path: &Path, json: &str) -> io::Result<()> {
    // Opening a pipe that nobody reads would wait for ever.
    if fs::metadata(path).is_ok_and(|found| !found.is_file()) {
        return Err(io::Error::other("it is not a regular file"));
    }
    let mut file = OpenOptions::new().read(true).append(true).create(true).mode(0o600).open(path)?;
    // Another writer's half line is no torn one. Where there are no locks, a needless empty line does no harm.
    let _ = file.lock();
    let separator = if is_torn(&mut file)? { "\n" } else { "" };
    let line = format!("{separator}{json}\n");
    // One write, so that lines of several writers do not mix.
    let length = file.write(line.as_bytes())?;
    if length < line.len() {
        return Err(io::Error::other(format!("only {length} of {} bytes fitted; is the disk full?", line.len())));
    }
    file.sync_data()
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
