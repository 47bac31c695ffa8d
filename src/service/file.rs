//! The services as the file writes them.

use schemars::JsonSchema;
use serde::Deserialize;

use super::kind::ServiceKind;
use super::{elasticsearch, eventstore, kafka, postgres, redis, spark, zookeeper};
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
