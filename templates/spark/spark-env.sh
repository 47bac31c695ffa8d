# Written by provision: the environment of Spark on this host of `{{ cluster }}`.
export SPARK_HOME={{ home }}
export SPARK_LOCAL_IP={{ address }}
export SPARK_PUBLIC_DNS={{ address }}
{% if worker_port is defined -%}
export SPARK_WORKER_PORT={{ worker_port }}
{% endif -%}
export PYSPARK_PYTHON="${PYSPARK_PYTHON:-python3}"
