//! Kafka: records of one topic, each settled when all replicas in step have it (acks=all). The incident is the
//! record's key and chooses the partition, so that the revisions of an incident stay in order.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use jiff::Timestamp;
use rskafka::BackoffConfig;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{Compression, PartitionClient, UnknownTopicHandling};
use rskafka::client::{Client, ClientBuilder, Credentials, SaslConfig};
use rskafka::record::Record;
use sha2::{Digest, Sha256};

use super::{Fate, Parcel, WRITE, secret, tls, within};
use crate::forward::{Destination, Format, Sasl, Transport};

/// Records of one request at most.
const BATCH: usize = 128;

/// Most bytes of one request, unless a single alert is longer: brokers take a megabyte.
const BATCH_BYTES: usize = 768 << 10;

/// First pause of the client between its own attempts.
const PAUSE: Duration = Duration::from_millis(200);

/// A topic.
pub(in crate::forward) struct Topic {
    partitions: Vec<PartitionClient>,
    schema: &'static str,
}

impl Topic {
    /// Finds the topic and the leaders of its partitions.
    pub(super) async fn open(destination: &Destination) -> io::Result<Self> {
        let client = client(destination).await?;
        let name = destination.topic.as_deref().unwrap_or_default();
        let topics = within(said(client.list_topics()), WRITE, "gave no answer").await?;
        let Some(topic) = topics.into_iter().find(|topic| topic.name == name) else {
            return Err(io::Error::new(io::ErrorKind::NotFound, format!("the cluster has no topic {name}")));
        };
        let mut partitions = Vec::new();
        for partition in topic.partitions {
            let found = said(client.partition_client(name, partition, UnknownTopicHandling::Error));
            partitions.push(within(found, WRITE, "gave no answer").await?);
        }
        Ok(Topic { partitions, schema: schema(destination.format) })
    }

    /// How many of these alerts one request may carry, at least one.
    pub(super) fn batch(&self, parcels: &[Parcel]) -> usize {
        let ends = parcels.iter().scan(0, |sum, parcel| {
            *sum += parcel.body.len();
            Some(*sum)
        });
        ends.take(BATCH).take_while(|end| *end <= BATCH_BYTES).count().max(1)
    }

    /// Writes alerts; tells of each what became of it.
    pub(super) async fn send(&mut self, parcels: &[Parcel]) -> io::Result<Vec<Fate>> {
        let mut fates: Vec<Fate> = parcels.iter().map(|_| Fate::Sent).collect();
        for (place, partition) in self.partitions.iter().enumerate() {
            let mine = |parcel: &Parcel| self.place(incident(parcel)) == place;
            let records: Vec<Record> =
                parcels.iter().filter(|parcel| mine(parcel)).map(|parcel| self.record(parcel)).collect();
            if records.is_empty() {
                continue;
            }
            let written = partition.produce(records, Compression::NoCompression);
            let fate = match tokio::time::timeout(WRITE, written).await {
                Ok(Ok(_)) => Fate::Settled,
                Ok(Err(error)) => fate(&error),
                Err(_) => return Err(io::Error::new(io::ErrorKind::TimedOut, "the brokers gave no answer")),
            };
            for (slot, _) in fates.iter_mut().zip(parcels).filter(|(_, parcel)| mine(parcel)) {
                *slot = fate.clone();
            }
        }
        Ok(fates)
    }

    fn record(&self, parcel: &Parcel) -> Record {
        let headers = [("id", parcel.key.as_bytes()), ("schema", self.schema.as_bytes())];
        let now = DateTime::<Utc>::from_timestamp_millis(Timestamp::now().as_millisecond());
        Record {
            key: Some(incident(parcel).as_bytes().to_vec()),
            value: Some(parcel.body.clone()),
            headers: headers
                .map(|(key, value)| (key.to_owned(), value.to_vec()))
                .into_iter()
                .collect::<BTreeMap<_, _>>(),
            timestamp: now.unwrap_or_default(),
        }
    }

    fn place(&self, incident: &str) -> usize {
        let digest: [u8; 32] = Sha256::digest(incident).into();
        let number = digest.first_chunk().map_or(0, |first| usize::from_be_bytes(*first));
        number.checked_rem(self.partitions.len()).unwrap_or(0)
    }
}

async fn client(destination: &Destination) -> io::Result<Client> {
    let backoff = BackoffConfig {
        init_backoff: PAUSE,
        max_backoff: WRITE,
        deadline: Some(WRITE),
        ..BackoffConfig::default()
    };
    let brokers = destination.brokers().map(str::to_owned).collect();
    let mut builder = ClientBuilder::new(brokers).client_id("honeyward").backoff_config(backoff);
    if destination.transport == Transport::KafkaTls {
        builder = builder.tls_config(Arc::new(tls::config(&destination.into())?));
    }
    if let (Some(account), Some(file)) = (&destination.account, &destination.password_file) {
        let credentials = Credentials::new(account.clone(), secret(file)?);
        builder = builder.sasl_config(match destination.sasl {
            Sasl::Plain => SaslConfig::Plain(credentials),
            Sasl::ScramSha256 => SaslConfig::ScramSha256(credentials),
            Sasl::ScramSha512 => SaslConfig::ScramSha512(credentials),
        });
    }
    within(said(builder.build()), WRITE, "gave no answer").await
}

/// The incident of an alert; the id of anything else.
fn incident(parcel: &Parcel) -> &str {
    parcel.key.split(':').next().unwrap_or(&parcel.key)
}

/// Whether it is this record that the brokers don't take.
fn fate(error: &Error) -> Fate {
    let reason = error.to_string();
    match error {
        Error::ServerError {
            protocol_error:
                ProtocolError::MessageTooLarge
                | ProtocolError::RecordListTooLarge
                | ProtocolError::CorruptMessage
                | ProtocolError::InvalidRecord,
            ..
        } => Fate::Refused(reason),
        _ => Fate::Later { reason, after: Duration::ZERO },
    }
}

fn schema(format: Format) -> &'static str {
    match format {
        Format::Ecs => "ecs",
        Format::Cef => "cef",
        Format::Leef => "leef",
        Format::Ocsf => "ocsf",
        Format::Flat => "flat",
        Format::Brief | Format::Full | Format::Stix | Format::Misp => "text",
    }
}

async fn said<T>(work: impl Future<Output = Result<T, Error>>) -> io::Result<T> {
    work.await.map_err(|error| io::Error::other(error.to_string()))
}
