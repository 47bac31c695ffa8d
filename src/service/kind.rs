//! The kinds of service.

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
