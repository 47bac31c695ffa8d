# Written by provision: the environment of jobs on this host of `{{ cluster }}`. The daemons have theirs from their units.
export SPARK_HOME={{ home }}
export SPARK_LOCAL_IP={{ address }}
export SPARK_PUBLIC_DNS={{ address }}
{% for variable in variables -%}
export {{ variable[0] }}='{{ variable[1] }}'
{% endfor -%}
export PYSPARK_PYTHON="${PYSPARK_PYTHON:-python3}"
