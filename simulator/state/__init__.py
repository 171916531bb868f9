"""What the pretended portal holds: records, histories, associations, schema, pipelines."""
