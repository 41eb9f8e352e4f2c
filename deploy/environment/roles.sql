-- Run once as PostgreSQL's superuser; then delete the file, which holds passwords. `manage.py make_roles` gives the
-- rights on tables, once there are any. docs/operations.md says which role is for what.
\set ON_ERROR_STOP on
CREATE ROLE dialnexa_owner LOGIN PASSWORD '@secret:owner@';
CREATE ROLE dialnexa_web LOGIN PASSWORD '@secret:web@';
CREATE ROLE dialnexa_readonly LOGIN PASSWORD '@secret:readonly@';
ALTER ROLE dialnexa_readonly SET default_transaction_read_only = on;
ALTER ROLE dialnexa_readonly SET statement_timeout = '60s';
CREATE DATABASE numbers OWNER dialnexa_owner ENCODING 'UTF8' LC_COLLATE 'C.UTF-8' LC_CTYPE 'C.UTF-8' TEMPLATE template0;
REVOKE ALL ON DATABASE numbers FROM PUBLIC;
GRANT CONNECT ON DATABASE numbers TO dialnexa_web, dialnexa_readonly;
\connect numbers
ALTER SCHEMA public OWNER TO dialnexa_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
