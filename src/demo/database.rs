//! The demo's database: a line in, a line out. It knows `PING` and `SELECT 1`.

use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio::time::{sleep, timeout};

use super::Fault;
use super::app::App;

/// What everybody is told when the pool is exhausted.
const FULL: &[u8] = b"FATAL: sorry, too many clients already\n";

/// How many clients are served at once.
const CLIENTS: usize = 64;

/// How long a line may be, in bytes.
const LINE: u64 = 1024;

/// How long a client may be silent.
const IDLE: Duration = Duration::from_mins(1);

/// How long a client that is turned away has to go.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves for ever; dropping the future ends it, and every connection with it.
pub async fn serve(listener: TcpListener, app: Arc<App>) {
    let places = Arc::new(Semaphore::new(CLIENTS));
    let mut clients = tokio::task::JoinSet::new();
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        while clients.try_join_next().is_some() {}
        match listener.accept().await {
            Ok((stream, _)) => {
                let app = Arc::clone(&app);
                clients.spawn(async move {
                    // A client that goes away early is none of the database's business.
                    let _ = talk(stream, &app).await;
                    drop(place);
                });
            }
            // No more files can be opened, say; that passes.
            Err(_) => sleep(Duration::from_millis(100)).await,
        }
    }
}

async fn talk(mut stream: TcpStream, app: &App) -> std::io::Result<()> {
    let (read, mut write) = stream.split();
    let mut lines = BufReader::new(read.take(LINE));
    loop {
        if app.has(Fault::Database) {
            write.write_all(FULL).await?;
            write.shutdown().await?;
            // Closing with something unread would take the farewell away from the client.
            let mut rest = [0; 256];
            lines.get_mut().set_limit(LINE);
            let _ = timeout(FAREWELL, async {
                while lines.read(&mut rest).await? > 0 {}
                std::io::Result::Ok(())
            })
            .await;
            return Ok(());
        }
        let mut line = String::new();
        match timeout(IDLE, lines.read_line(&mut line)).await {
            Ok(Ok(length)) if length > 0 => lines.get_mut().set_limit(LINE),
            _ => return Ok(()),
        }
        sleep(app.lag()).await;
        if !app.has(Fault::Database) {
            write.write_all(answer(line.trim()).as_bytes()).await?;
        }
    }
}

fn answer(statement: &str) -> &'static str {
    match statement.trim_end_matches(';').trim().to_ascii_uppercase().as_str() {
        "PING" => "PONG\n",
        "SELECT 1" => "1\n",
        _ => "ERROR: this database knows PING and SELECT 1\n",
    }
}

#[cfg(test)]
mod tests {
    use super::answer;

    #[test]
    fn two_statements_are_known() {
        for (statement, line) in [("PING", "PONG\n"), ("select 1;", "1\n"), ("SELECT 1", "1\n")] {
            assert_eq!(answer(statement), line);
        }
        for statement in ["", "SELECT 2", "DROP TABLE orders"] {
            assert!(answer(statement).starts_with("ERROR: "), "{statement}");
        }
    }
}
