//! How PostgreSQL is reached: encrypted, and at a server whose certificate is verified together with its name. Only an address that
//! says `sslmode=disable` is reached in clear text, and a socket of this machine, which no network sees.

use std::path::PathBuf;
use std::sync::Arc;

use percent_encoding::percent_decode_str;
use postgres::config::{Host, SslMode};
use rustls::crypto::ring::default_provider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres_rustls::MakeRustlsConnect;

/// What keeps a connection from being one that nobody else reads.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A mode that would be clear text now and then, or none.
    #[error(
        "`sslmode={0}` would not keep others from listening: leave it out, or say sslmode=disable for a connection in clear text"
    )]
    Mode(String),
    /// The file of certificates cannot be read.
    #[error("{path}, which sslrootcert names, cannot be read: {why}", path = .path.display())]
    Root {
        /// The path of the file of certificates.
        path: PathBuf,
        /// The reason why no certificate can be read from it.
        why: String,
    },
    /// A file that holds none.
    #[error("{}, which sslrootcert names, holds no certificate", .0.display())]
    Empty(PathBuf),
    /// The library cannot be used.
    #[error("{0}")]
    Library(#[from] rustls::Error),
}

/// An address, with what this module reads of it taken out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// What is left for the driver.
    pub(crate) rest: String,
    /// Whether it asks for clear text.
    plain: bool,
    /// The file of the authorities that are trusted, in place of those of this machine.
    roots: Option<PathBuf>,
}

impl Address {
    /// Reads `sslmode` and `sslrootcert`, by the names that they have for every other program of PostgreSQL.
    pub(crate) fn read(address: &str) -> Result<Self, TlsError> {
        let (place, query) = address.split_once('?').unwrap_or((address, ""));
        let (mut plain, mut roots, mut rest) = (false, None, Vec::new());
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
            let value = percent_decode_str(value).decode_utf8_lossy();
            match (key, &*value) {
                ("sslmode", "disable") => plain = true,
                // Each of them is what is done: none of them does less.
                ("sslmode", "require" | "verify-ca" | "verify-full") => plain = false,
                ("sslmode", other) => return Err(TlsError::Mode(other.to_owned())),
                ("sslrootcert", path) => roots = Some(PathBuf::from(path)),
                _ => rest.push(pair),
            }
        }
        let rest = if rest.is_empty() { place.to_owned() } else { format!("{place}?{}", rest.join("&")) };
        Ok(Address { rest, plain, roots })
    }

    /// Says to the driver whether to encrypt.
    pub(crate) fn mode(&self, config: &mut postgres::Config) {
        let is_socket = |host: &Host| !matches!(host, Host::Tcp(_));
        let local = !config.get_hosts().is_empty() && config.get_hosts().iter().all(is_socket);
        config.ssl_mode(if self.plain || local { SslMode::Disable } else { SslMode::Require });
    }

    /// The connector that encrypts the way to the server, as the address asks for it.
    pub(crate) fn connector(&self) -> Result<MakeRustlsConnect, TlsError> {
        let mut trusted = RootCertStore::empty();
        match &self.roots {
            Some(path) => {
                let odd = |why: String| TlsError::Root { path: path.clone(), why };
                let read = CertificateDer::pem_file_iter(path).map_err(|e| odd(e.to_string()))?;
                for certificate in read {
                    trusted
                        .add(certificate.map_err(|e| odd(e.to_string()))?)
                        .map_err(|e| odd(e.to_string()))?;
                }
                if trusted.is_empty() {
                    return Err(TlsError::Empty(path.clone()));
                }
            }
            None => {
                trusted.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            }
        }
        let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        Ok(MakeRustlsConnect::new(config))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encrypted_unless_it_says_otherwise_in_so_many_words() {
        let mode = |address: &str| {
            let address = Address::read(address).unwrap();
            let mut config = address.rest.parse().unwrap();
            address.mode(&mut config);
            config.get_ssl_mode()
        };
        for (address, expected) in [
            ("postgres://gate@db.example/audit", SslMode::Require),
            ("postgres://gate@127.0.0.1/audit", SslMode::Require),
            ("postgres://gate@db.example/audit?sslmode=verify-full", SslMode::Require),
            ("postgres://gate@db.example/audit?sslmode=require&sslrootcert=/etc/ca.pem", SslMode::Require),
            ("postgres://gate@127.0.0.1/audit?sslmode=disable", SslMode::Disable),
            ("postgres://gate@%2Frun%2Fpostgresql/audit", SslMode::Disable),
            ("postgres://gate@/audit?host=/run/postgresql", SslMode::Disable),
            // One of the two is far away.
            ("postgres://gate@%2Frun%2Fpostgresql,db.example/audit", SslMode::Require),
        ] {
            assert_eq!(mode(address), expected, "{address}");
        }
        for mode in ["prefer", "allow", "", "Disable", "no"] {
            let refused = Address::read(&format!("postgres://db.example/audit?sslmode={mode}")).unwrap_err();
            assert!(refused.to_string().contains("say sslmode=disable"), "{refused}");
        }
    }

    #[test]
    fn what_is_no_matter_of_encryption_is_left_to_the_driver() {
        let read = Address::read(
            "postgres://db.example/audit?connect_timeout=3&sslrootcert=/a%20b/ca.pem&user=gate",
        );
        let read = read.unwrap();
        assert_eq!(read.rest, "postgres://db.example/audit?connect_timeout=3&user=gate");
        assert_eq!(read.roots, Some("/a b/ca.pem".into()));
        assert_eq!(Address::read("postgres://db.example/audit").unwrap().rest, "postgres://db.example/audit");
    }

    #[test]
    fn a_file_of_certificates_that_gives_none_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let (empty, missing) = (folder.path().join("empty.pem"), folder.path().join("missing.pem"));
        std::fs::write(&empty, "no certificate\n").unwrap();
        for (path, said) in [(empty, "holds no certificate"), (missing, "cannot be read")] {
            let address =
                Address::read(&format!("postgres://db.example/a?sslrootcert={}", path.display())).unwrap();
            let Err(refused) = address.connector() else { panic!("{path:?} was taken") };
            assert!(refused.to_string().contains(said), "{refused}");
        }
        assert!(
            Address::read("postgres://db.example/a").unwrap().connector().is_ok(),
            "those of this machine"
        );
    }
}
