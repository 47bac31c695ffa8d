# Written by provision: the environment of jobs on this host of `analytics`. The daemons have theirs from their units.
export SPARK_HOME=/opt/provision/spark-4.3.0
export SPARK_LOCAL_IP=10.20.1.11
export SPARK_PUBLIC_DNS=10.20.1.11
export PYSPARK_PYTHON="${PYSPARK_PYTHON:-python3}"
