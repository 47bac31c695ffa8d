//! What a cluster runs. One folder a service, its files named like the stages.

pub mod archive;
pub mod elasticsearch;
pub mod eventstore;
mod judge;
pub mod kafka;
pub mod machine;
pub mod postgres;
pub mod redis;
pub mod spark;
pub mod storage;
pub mod zookeeper;

pub use judge::judge;
use schemars::JsonSchema;
use serde::Deserialize;

use crate::value::Name;
use crate::yaml::{Field, Span};

/// The services of a cluster, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ServicesFile {
    /// A `ZooKeeper` ensemble.
    pub zookeeper: Field<zookeeper::file::ZooKeeperFile>,
    /// Apache Spark.
    pub spark: Field<spark::file::SparkFile>,
    /// Kafka brokers.
    pub kafka: Field<kafka::file::KafkaFile>,
    /// An Elasticsearch cluster.
    pub elasticsearch: Field<elasticsearch::file::ElasticsearchFile>,
    /// A `PostgreSQL` database.
    pub postgres: Field<postgres::file::PostgresFile>,
    /// A Redis server.
    pub redis: Field<redis::file::RedisFile>,
    /// An `EventStore` cluster.
    pub eventstore: Field<eventstore::file::EventstoreFile>,
}

/// The kinds of service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ServiceKind {
    ZooKeeper,
    Spark,
    Kafka,
    Elasticsearch,
    Postgres,
    Redis,
    Eventstore,
}

impl ServiceKind {
    pub const ALL: [ServiceKind; 7] = [
        ServiceKind::ZooKeeper,
        ServiceKind::Spark,
        ServiceKind::Kafka,
        ServiceKind::Elasticsearch,
        ServiceKind::Postgres,
        ServiceKind::Redis,
        ServiceKind::Eventstore,
    ];

    /// Its key in a topology.
    pub fn key(self) -> &'static str {
        match self {
            ServiceKind::ZooKeeper => "zookeeper",
            ServiceKind::Spark => "spark",
            ServiceKind::Kafka => "kafka",
            ServiceKind::Elasticsearch => "elasticsearch",
            ServiceKind::Postgres => "postgres",
            ServiceKind::Redis => "redis",
            ServiceKind::Eventstore => "eventstore",
        }
    }
}

impl std::fmt::Display for ServiceKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.pad(self.key())
    }
}

/// A service as it is placed: its kind, where it stands in the file, the platform it names.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    pub kind: ServiceKind,
    pub span: Span,
    pub platform: &'a Field<Name>,
}

impl ServicesFile {
    pub fn placed(&self) -> Vec<Placed<'_>> {
        let ServicesFile { zookeeper, spark, kafka, elasticsearch, postgres, redis, eventstore } = self;
        let zookeeper = zookeeper.spanned().map(|(span, s)| (ServiceKind::ZooKeeper, span, &s.platform));
        let spark = spark.spanned().map(|(span, s)| (ServiceKind::Spark, span, &s.platform));
        let kafka = kafka.spanned().map(|(span, s)| (ServiceKind::Kafka, span, &s.platform));
        let elasticsearch = elasticsearch.spanned().map(|(span, s)| (ServiceKind::Elasticsearch, span, &s.platform));
        let postgres = postgres.spanned().map(|(span, s)| (ServiceKind::Postgres, span, &s.platform));
        let redis = redis.spanned().map(|(span, s)| (ServiceKind::Redis, span, &s.platform));
        let eventstore = eventstore.spanned().map(|(span, s)| (ServiceKind::Eventstore, span, &s.platform));
        [zookeeper, spark, kafka, elasticsearch, postgres, redis, eventstore]
            .into_iter()
            .flatten()
            .map(|(kind, span, platform)| Placed { kind, span, platform })
            .collect()
    }
}
