-- What each agent's model calls cost since a time is read from the index alone.
create index llm_calls_by_agent on llm_calls (workspace_id, agent_id, at) include (cost_usd) where agent_id is not null;
