BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001');
CREATE TABLE answers (
	owner VARCHAR NOT NULL, 
	"key" VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	status INTEGER NOT NULL, 
	body TEXT NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_answers PRIMARY KEY (owner, "key")
);
INSERT INTO "answers" VALUES('token-1','key-1','digest',202,'{}','2026-01-01 00:00:15.500000');
CREATE TABLE artifacts (
	ordinal INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	digest VARCHAR NOT NULL, 
	size INTEGER NOT NULL, 
	entry_class VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	CONSTRAINT pk_artifacts PRIMARY KEY (ordinal), 
	CONSTRAINT uq_artifacts_id UNIQUE (id)
);
INSERT INTO "artifacts" VALUES(1,'art-0000000001','default','program.jar','d33f6b94e5e90b31d51474a8cd5ca64c9f0943fa1b3e37db8c3ca20108d456bf',294,'demo.Main','2026-01-01 00:00:00.000000','mei');
CREATE TABLE cluster_states (
	cluster_id VARCHAR NOT NULL, 
	reachability VARCHAR(32) NOT NULL, 
	since DATETIME NOT NULL, 
	last_good_sweep DATETIME, 
	incarnation VARCHAR, 
	unreachable_before BIGINT NOT NULL, 
	cause TEXT NOT NULL, 
	CONSTRAINT pk_cluster_states PRIMARY KEY (cluster_id), 
	CONSTRAINT fk_cluster_states_cluster_id FOREIGN KEY(cluster_id) REFERENCES clusters (id) ON DELETE CASCADE, 
	CONSTRAINT ck_cluster_states_reachability CHECK (reachability IN ('REACHABLE', 'UNREACHABLE', 'MISSING'))
);
INSERT INTO "cluster_states" VALUES('cluster-0000000002','REACHABLE','2026-01-01 00:00:06.000000','2026-01-01 00:00:14.000000','cluster-0000000002-life-1',0,'');
CREATE TABLE clusters (
	ordinal INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	url TEXT NOT NULL, 
	engine_version VARCHAR NOT NULL, 
	savepoint_dir TEXT, 
	checkpoint_dir TEXT, 
	high_availability BOOLEAN NOT NULL, 
	region VARCHAR NOT NULL, 
	zone VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_clusters PRIMARY KEY (ordinal), 
	CONSTRAINT uq_clusters_workspace_name UNIQUE (workspace, name), 
	CONSTRAINT ck_clusters_revision CHECK (revision >= 1), 
	CONSTRAINT uq_clusters_id UNIQUE (id)
);
INSERT INTO "clusters" VALUES(1,'cluster-0000000002','default','local','SESSION','http://local:8081','2.2.1','file:///savepoints',NULL,0,'','','2026-01-01 00:00:00.000000',1);
CREATE TABLE counters (
	name VARCHAR NOT NULL, 
	value INTEGER NOT NULL, 
	CONSTRAINT pk_counters PRIMARY KEY (name)
);
INSERT INTO "counters" VALUES('operation',8);
CREATE TABLE drafts (
	job_id VARCHAR NOT NULL, 
	spec JSON NOT NULL, 
	type VARCHAR NOT NULL, 
	cluster VARCHAR NOT NULL, 
	updated_at DATETIME NOT NULL, 
	updated_by VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_drafts PRIMARY KEY (job_id), 
	CONSTRAINT ck_drafts_revision CHECK (revision >= 1), 
	CONSTRAINT fk_drafts_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "drafts" VALUES('job-0000000003','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','SQL','local','2026-01-01 00:00:01.000000','mei',1);
INSERT INTO "drafts" VALUES('job-0000000004','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','SQL','local','2026-01-01 00:00:03.000000','mei',1);
INSERT INTO "drafts" VALUES('job-0000000005','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','SQL','local','2026-01-01 00:00:05.000000','mei',1);
CREATE TABLE events (
	job_id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	type VARCHAR(32) NOT NULL, 
	level VARCHAR(32) NOT NULL, 
	facts JSON NOT NULL, 
	instance_id VARCHAR, 
	operation_id VARCHAR, 
	actor VARCHAR NOT NULL, 
	number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT, 
	CONSTRAINT fk_events_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE, 
	CONSTRAINT ck_events_eventlevel CHECK (level IN ('INFO', 'WARNING', 'ERROR'))
);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:01.000000','event_job_created','INFO','{"name":"rests-on-a-snapshot"}',NULL,NULL,'mei',1);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:02.000000','event_version_published','INFO','{"version":"1","description":"as it is"}',NULL,NULL,'mei',2);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:03.000000','event_job_created','INFO','{"name":"is-being-paused"}',NULL,NULL,'mei',3);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:04.000000','event_version_published','INFO','{"version":"1","description":"as it is"}',NULL,NULL,'mei',4);
INSERT INTO "events" VALUES('job-0000000005','default','2026-01-01 00:00:05.000000','event_job_created','INFO','{"name":"is-being-started"}',NULL,NULL,'mei',5);
INSERT INTO "events" VALUES('job-0000000005','default','2026-01-01 00:00:06.000000','event_version_published','INFO','{"version":"1","description":"as it is"}',NULL,NULL,'mei',6);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:06.000000','event_operation_requested','INFO','{"verb":"run","options":"from=NONE"}',NULL,'op-0000000006','mei',7);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:06.000000','event_submission_sent','INFO','{"flink_job_id":"b84c6bc33785bd000000000000000008","because":"the job is to run"}','ins-0000000007','op-0000000006','',8);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:09.000000','event_instance_running','INFO','{"number":"1","flink_job_id":"b84c6bc33785bd000000000000000008"}','ins-0000000007','op-0000000006','',9);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:09.000000','event_operation_succeeded','INFO','{"verb":"run","status":"SUCCESS"}','ins-0000000007','op-0000000006','',10);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:09.000000','event_state_changed','INFO','{"before":"NONE","after":"RUNNING"}','ins-0000000007','op-0000000006','',11);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:09.500000','event_operation_requested','INFO','{"verb":"savepoint","options":"-"}',NULL,'op-0000000010','mei',12);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:09.500000','event_savepoint_sent','INFO','{"flink_job_id":"b84c6bc33785bd000000000000000008","because":"a savepoint is asked for"}','ins-0000000007','op-0000000010','',13);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:10.500000','event_snapshot_created','INFO','{"path":"file:///savepoints/job-0000000003/int-0000000011/savepoint-b84c6b-0a5d6baa9455","snapshot":"snap-0000000013"}','ins-0000000007','op-0000000010','',14);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:10.500000','event_operation_succeeded','INFO','{"verb":"savepoint","status":"SUCCESS"}','ins-0000000007','op-0000000010','',15);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:11.000000','event_operation_requested','INFO','{"verb":"run","options":"from=NONE"}',NULL,'op-0000000014','mei',16);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:11.000000','event_submission_sent','INFO','{"flink_job_id":"ec6cb55dcb77b0a20000000000000010","because":"the job is to run"}','ins-0000000015','op-0000000014','',17);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:12.500000','event_instance_running','INFO','{"number":"1","flink_job_id":"ec6cb55dcb77b0a20000000000000010"}','ins-0000000015','op-0000000014','',18);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:12.500000','event_operation_succeeded','INFO','{"verb":"run","status":"SUCCESS"}','ins-0000000015','op-0000000014','',19);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:12.500000','event_state_changed','INFO','{"before":"NONE","after":"RUNNING"}','ins-0000000015','op-0000000014','',20);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:13.000000','event_operation_requested','INFO','{"verb":"savepoint","options":"-"}',NULL,'op-0000000018','mei',21);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:13.000000','event_savepoint_sent','INFO','{"flink_job_id":"ec6cb55dcb77b0a20000000000000010","because":"a savepoint is asked for"}','ins-0000000015','op-0000000018','',22);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:13.500000','event_snapshot_created','INFO','{"path":"file:///savepoints/job-0000000004/int-0000000019/savepoint-ec6cb5-eb1167a9c378","snapshot":"snap-0000000021"}','ins-0000000015','op-0000000018','',23);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:13.500000','event_operation_succeeded','INFO','{"verb":"savepoint","status":"SUCCESS"}','ins-0000000015','op-0000000018','',24);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:14.000000','event_operation_requested','INFO','{"verb":"pause","options":"-"}',NULL,'op-0000000022','mei',25);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:14.000000','event_stop_sent','INFO','{"flink_job_id":"b84c6bc33785bd000000000000000008","because":"the job is to end on a savepoint"}','ins-0000000007','op-0000000022','',26);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:15.000000','event_instance_ended','INFO','{"number":"1","flink_job_id":"b84c6bc33785bd000000000000000008","end":"SUSPENDED"}','ins-0000000007','op-0000000022','',27);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:15.000000','event_snapshot_created','INFO','{"path":"file:///savepoints/job-0000000003/int-0000000023/savepoint-b84c6b-f7c14da5e709","snapshot":"snap-0000000025"}','ins-0000000007','op-0000000022','',28);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:15.000000','event_operation_succeeded','INFO','{"verb":"pause","status":"SUCCESS"}','ins-0000000007','op-0000000022','',29);
INSERT INTO "events" VALUES('job-0000000003','default','2026-01-01 00:00:15.000000','event_state_changed','INFO','{"before":"RUNNING","after":"SUSPENDED"}','ins-0000000007','op-0000000022','',30);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:15.500000','event_operation_requested','INFO','{"verb":"pause","options":"-"}',NULL,'op-0000000026','mei',31);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:15.500000','event_stop_sent','INFO','{"flink_job_id":"ec6cb55dcb77b0a20000000000000010","because":"the job is to end on a savepoint"}','ins-0000000015','op-0000000026','',32);
INSERT INTO "events" VALUES('job-0000000004','default','2026-01-01 00:00:15.500000','event_operation_requested','INFO','{"verb":"resume","options":"-"}',NULL,'op-0000000029','mei',33);
INSERT INTO "events" VALUES('job-0000000005','default','2026-01-01 00:00:15.500000','event_operation_requested','INFO','{"verb":"run","options":"from=NONE"}',NULL,'op-0000000030','mei',34);
INSERT INTO "events" VALUES('job-0000000005','default','2026-01-01 00:00:15.500000','event_submission_sent','INFO','{"flink_job_id":"8f98f6c2f28bed640000000000000020","because":"the job is to run"}','ins-0000000031','op-0000000030','',35);
CREATE TABLE instances (
	id VARCHAR NOT NULL, 
	job_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	version INTEGER NOT NULL, 
	cluster_id VARCHAR NOT NULL, 
	flink_job_id VARCHAR NOT NULL, 
	spec JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	incarnation VARCHAR, 
	restored_from TEXT, 
	restored_snapshot_id VARCHAR, 
	flink_status VARCHAR(32) NOT NULL, 
	absence JSON, 
	running_at DATETIME, 
	ended_at DATETIME, 
	"end" VARCHAR(32), 
	CONSTRAINT pk_instances PRIMARY KEY (job_id, number), 
	CONSTRAINT ck_instances_number CHECK (number >= 1), 
	CONSTRAINT uq_instances_flink_job_id UNIQUE (flink_job_id), 
	CONSTRAINT uq_instances_id UNIQUE (id), 
	CONSTRAINT fk_instances_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE, 
	CONSTRAINT ck_instances_flinkstatus CHECK (flink_status IN ('INITIALIZING', 'CREATED', 'RUNNING', 'FAILING', 'FAILED', 'CANCELLING', 'CANCELED', 'FINISHED', 'RESTARTING', 'SUSPENDED', 'RECONCILING', 'UNKNOWN')), 
	CONSTRAINT ck_instances_instanceend CHECK ("end" IN ('NOT_STARTED', 'FINISHED', 'FAILED', 'CANCELLED', 'SUSPENDED', 'LOST', 'GIVEN_UP'))
);
INSERT INTO "instances" VALUES('ins-0000000007','job-0000000003',1,1,'cluster-0000000002','b84c6bc33785bd000000000000000008','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','2026-01-01 00:00:06.000000','cluster-0000000002-life-1',NULL,NULL,'FINISHED',NULL,'2026-01-01 00:00:09.000000','2026-01-01 00:00:15.000000','SUSPENDED');
INSERT INTO "instances" VALUES('ins-0000000015','job-0000000004',1,1,'cluster-0000000002','ec6cb55dcb77b0a20000000000000010','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','2026-01-01 00:00:11.000000','cluster-0000000002-life-1',NULL,NULL,'RUNNING',NULL,'2026-01-01 00:00:12.500000',NULL,NULL);
INSERT INTO "instances" VALUES('ins-0000000031','job-0000000005',1,1,'cluster-0000000002','8f98f6c2f28bed640000000000000020','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','2026-01-01 00:00:15.500000','cluster-0000000002-life-1',NULL,NULL,'UNKNOWN',NULL,NULL,NULL,NULL);
CREATE TABLE intents (
	ordinal INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	job_id VARCHAR NOT NULL, 
	instance_id VARCHAR NOT NULL, 
	cluster_id VARCHAR NOT NULL, 
	flink_job_id VARCHAR NOT NULL, 
	operation_id VARCHAR, 
	lane VARCHAR(32) NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	"key" VARCHAR NOT NULL, 
	created_at DATETIME NOT NULL, 
	unreachable_before BIGINT NOT NULL, 
	incarnation VARCHAR, 
	directory TEXT, 
	status VARCHAR(32) NOT NULL, 
	answer VARCHAR(32), 
	cause TEXT NOT NULL, 
	attempts INTEGER NOT NULL, 
	sent_at DATETIME, 
	answered_at DATETIME, 
	retry_at DATETIME, 
	closed_at DATETIME, 
	format INTEGER NOT NULL, 
	CONSTRAINT pk_intents PRIMARY KEY (ordinal), 
	CONSTRAINT ck_intents_closed_with_date CHECK ((status = 'OPEN') = (closed_at IS NULL)), 
	CONSTRAINT uq_intents_id UNIQUE (id), 
	CONSTRAINT fk_intents_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE, 
	CONSTRAINT fk_intents_instance_id FOREIGN KEY(instance_id) REFERENCES instances (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED, 
	CONSTRAINT ck_intents_lane CHECK (lane IN ('MAIN', 'SAVEPOINT')), 
	CONSTRAINT ck_intents_intentkind CHECK (kind IN ('SUBMIT', 'STOP_WITH_SAVEPOINT', 'SAVEPOINT', 'CANCEL')), 
	CONSTRAINT ck_intents_intentstatus CHECK (status IN ('OPEN', 'DONE', 'NOT_DONE', 'GIVEN_UP')), 
	CONSTRAINT ck_intents_answer CHECK (answer IN ('ACCEPTED', 'REJECTED', 'DUPLICATE', 'MISSING', 'UNAVAILABLE', 'OUTCOME_UNKNOWN'))
);
INSERT INTO "intents" VALUES(1,'int-0000000009','job-0000000003','ins-0000000007','cluster-0000000002','b84c6bc33785bd000000000000000008','op-0000000006','MAIN','SUBMIT','b84c6bc33785bd000000000000000008','2026-01-01 00:00:06.000000',0,'cluster-0000000002-life-1',NULL,'DONE','ACCEPTED','',1,'2026-01-01 00:00:06.000000','2026-01-01 00:00:06.000000',NULL,'2026-01-01 00:00:09.000000',1);
INSERT INTO "intents" VALUES(2,'int-0000000011','job-0000000003','ins-0000000007','cluster-0000000002','b84c6bc33785bd000000000000000008','op-0000000010','SAVEPOINT','SAVEPOINT','0000000000000000000000000000000c','2026-01-01 00:00:09.500000',0,'cluster-0000000002-life-1','file:///savepoints/job-0000000003/int-0000000011','DONE','ACCEPTED','',1,'2026-01-01 00:00:09.500000','2026-01-01 00:00:09.500000',NULL,'2026-01-01 00:00:10.500000',1);
INSERT INTO "intents" VALUES(3,'int-0000000017','job-0000000004','ins-0000000015','cluster-0000000002','ec6cb55dcb77b0a20000000000000010','op-0000000014','MAIN','SUBMIT','ec6cb55dcb77b0a20000000000000010','2026-01-01 00:00:11.000000',0,'cluster-0000000002-life-1',NULL,'DONE','ACCEPTED','',1,'2026-01-01 00:00:11.000000','2026-01-01 00:00:11.000000',NULL,'2026-01-01 00:00:12.500000',1);
INSERT INTO "intents" VALUES(4,'int-0000000019','job-0000000004','ins-0000000015','cluster-0000000002','ec6cb55dcb77b0a20000000000000010','op-0000000018','SAVEPOINT','SAVEPOINT','00000000000000000000000000000014','2026-01-01 00:00:13.000000',0,'cluster-0000000002-life-1','file:///savepoints/job-0000000004/int-0000000019','DONE','ACCEPTED','',1,'2026-01-01 00:00:13.000000','2026-01-01 00:00:13.000000',NULL,'2026-01-01 00:00:13.500000',1);
INSERT INTO "intents" VALUES(5,'int-0000000023','job-0000000003','ins-0000000007','cluster-0000000002','b84c6bc33785bd000000000000000008','op-0000000022','MAIN','STOP_WITH_SAVEPOINT','00000000000000000000000000000018','2026-01-01 00:00:14.000000',0,'cluster-0000000002-life-1','file:///savepoints/job-0000000003/int-0000000023','DONE','ACCEPTED','',1,'2026-01-01 00:00:14.000000','2026-01-01 00:00:14.000000',NULL,'2026-01-01 00:00:15.000000',1);
INSERT INTO "intents" VALUES(6,'int-0000000027','job-0000000004','ins-0000000015','cluster-0000000002','ec6cb55dcb77b0a20000000000000010','op-0000000026','MAIN','STOP_WITH_SAVEPOINT','0000000000000000000000000000001c','2026-01-01 00:00:15.500000',0,'cluster-0000000002-life-1','file:///savepoints/job-0000000004/int-0000000027','OPEN','ACCEPTED','',1,'2026-01-01 00:00:15.500000','2026-01-01 00:00:15.500000',NULL,NULL,1);
INSERT INTO "intents" VALUES(7,'int-0000000033','job-0000000005','ins-0000000031','cluster-0000000002','8f98f6c2f28bed640000000000000020','op-0000000030','MAIN','SUBMIT','8f98f6c2f28bed640000000000000020','2026-01-01 00:00:15.500000',0,'cluster-0000000002-life-1',NULL,'OPEN',NULL,'',1,'2026-01-01 00:00:15.500000',NULL,NULL,NULL,1);
CREATE TABLE job_states (
	job_id VARCHAR NOT NULL, 
	settled VARCHAR(32) NOT NULL, 
	wanted VARCHAR(32), 
	warning JSON, 
	suspended_on VARCHAR, 
	lost_at DATETIME, 
	changed_at DATETIME, 
	CONSTRAINT pk_job_states PRIMARY KEY (job_id), 
	CONSTRAINT ck_job_states_suspended_on_a_snapshot CHECK (settled <> 'SUSPENDED' OR suspended_on IS NOT NULL), 
	CONSTRAINT fk_job_states_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE, 
	CONSTRAINT ck_job_states_settled CHECK (settled IN ('NONE', 'RUNNING', 'SUSPENDED', 'CANCELLED', 'FINISHED', 'FAILED')), 
	CONSTRAINT ck_job_states_wanted CHECK (wanted IN ('RUNNING', 'SUSPENDED', 'CANCELLED'))
);
INSERT INTO "job_states" VALUES('job-0000000003','SUSPENDED','SUSPENDED',NULL,'snap-0000000025',NULL,'2026-01-01 00:00:15.000000');
INSERT INTO "job_states" VALUES('job-0000000004','RUNNING','RUNNING',NULL,NULL,NULL,'2026-01-01 00:00:12.500000');
CREATE TABLE jobs (
	ordinal INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	folder VARCHAR NOT NULL, 
	labels JSON NOT NULL, 
	recovery JSON NOT NULL, 
	protected BOOLEAN NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	revision INTEGER NOT NULL, 
	CONSTRAINT pk_jobs PRIMARY KEY (ordinal), 
	CONSTRAINT uq_jobs_workspace_name UNIQUE (workspace, name), 
	CONSTRAINT ck_jobs_revision CHECK (revision >= 1), 
	CONSTRAINT uq_jobs_id UNIQUE (id)
);
INSERT INTO "jobs" VALUES(1,'job-0000000003','default','rests-on-a-snapshot','','{}','{"policy":"NONE"}',0,'2026-01-01 00:00:01.000000','mei',1);
INSERT INTO "jobs" VALUES(2,'job-0000000004','default','is-being-paused','','{}','{"policy":"NONE"}',0,'2026-01-01 00:00:03.000000','mei',1);
INSERT INTO "jobs" VALUES(3,'job-0000000005','default','is-being-started','','{}','{"policy":"NONE"}',0,'2026-01-01 00:00:05.000000','mei',1);
CREATE TABLE leases (
	name VARCHAR NOT NULL, 
	holder VARCHAR, 
	fence INTEGER NOT NULL, 
	until DATETIME NOT NULL, 
	CONSTRAINT pk_leases PRIMARY KEY (name)
);
INSERT INTO "leases" VALUES('reconciler','the server that died',1,'2026-01-01 00:05:15.500000');
CREATE TABLE operations (
	id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	job_id VARCHAR NOT NULL, 
	workspace VARCHAR NOT NULL, 
	verb VARCHAR(32) NOT NULL, 
	options JSON NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	steps JSON NOT NULL, 
	requested_by VARCHAR NOT NULL, 
	requested_at DATETIME NOT NULL, 
	version INTEGER, 
	result JSON, 
	waits_for JSON, 
	failing JSON, 
	started_at DATETIME, 
	ended_at DATETIME, 
	batch_id VARCHAR, 
	CONSTRAINT pk_operations PRIMARY KEY (number), 
	CONSTRAINT ck_operations_closed_with_date CHECK ((status IN ('INIT', 'OPERATING', 'OPERATING_BEFORE')) = (ended_at IS NULL)), 
	CONSTRAINT uq_operations_id UNIQUE (id), 
	CONSTRAINT fk_operations_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE, 
	CONSTRAINT ck_operations_operationstatus CHECK (status IN ('INIT', 'OPERATING_BEFORE', 'OPERATING', 'SUCCESS', 'FAIL', 'EXCEPTION', 'TASK_STATUS_NO_DONE', 'CANCELLED'))
);
INSERT INTO "operations" VALUES('op-0000000006',1,'job-0000000003','default','run','{"restore_from":"NONE","snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','SUCCESS','[{"name":"submit","status":"SUCCESS","started_at":"2026-01-01T00:00:06+00:00","ended_at":"2026-01-01T00:00:09+00:00","detail":""}]','mei','2026-01-01 00:00:06.000000',1,NULL,NULL,NULL,'2026-01-01 00:00:06.000000','2026-01-01 00:00:09.000000',NULL);
INSERT INTO "operations" VALUES('op-0000000010',2,'job-0000000003','default','savepoint','{"restore_from":null,"snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','SUCCESS','[{"name":"savepoint","status":"SUCCESS","started_at":"2026-01-01T00:00:09.500000+00:00","ended_at":"2026-01-01T00:00:10.500000+00:00","detail":""}]','mei','2026-01-01 00:00:09.500000',NULL,NULL,NULL,NULL,'2026-01-01 00:00:09.500000','2026-01-01 00:00:10.500000',NULL);
INSERT INTO "operations" VALUES('op-0000000014',3,'job-0000000004','default','run','{"restore_from":"NONE","snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','SUCCESS','[{"name":"submit","status":"SUCCESS","started_at":"2026-01-01T00:00:11+00:00","ended_at":"2026-01-01T00:00:12.500000+00:00","detail":""}]','mei','2026-01-01 00:00:11.000000',1,NULL,NULL,NULL,'2026-01-01 00:00:11.000000','2026-01-01 00:00:12.500000',NULL);
INSERT INTO "operations" VALUES('op-0000000018',4,'job-0000000004','default','savepoint','{"restore_from":null,"snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','SUCCESS','[{"name":"savepoint","status":"SUCCESS","started_at":"2026-01-01T00:00:13+00:00","ended_at":"2026-01-01T00:00:13.500000+00:00","detail":""}]','mei','2026-01-01 00:00:13.000000',NULL,NULL,NULL,NULL,'2026-01-01 00:00:13.000000','2026-01-01 00:00:13.500000',NULL);
INSERT INTO "operations" VALUES('op-0000000022',5,'job-0000000003','default','pause','{"restore_from":null,"snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','SUCCESS','[{"name":"stop_with_savepoint","status":"SUCCESS","started_at":"2026-01-01T00:00:14+00:00","ended_at":"2026-01-01T00:00:15+00:00","detail":""}]','mei','2026-01-01 00:00:14.000000',NULL,NULL,NULL,NULL,'2026-01-01 00:00:14.000000','2026-01-01 00:00:15.000000',NULL);
INSERT INTO "operations" VALUES('op-0000000026',6,'job-0000000004','default','pause','{"restore_from":null,"snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','OPERATING','[{"name":"stop_with_savepoint","status":"OPERATING","started_at":"2026-01-01T00:00:15.500000+00:00","ended_at":null,"detail":""}]','mei','2026-01-01 00:00:15.500000',NULL,NULL,NULL,NULL,'2026-01-01 00:00:15.500000',NULL,NULL);
INSERT INTO "operations" VALUES('op-0000000029',7,'job-0000000004','default','resume','{"restore_from":null,"snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','INIT','[{"name":"submit","status":"WAITING","started_at":null,"ended_at":null,"detail":""}]','mei','2026-01-01 00:00:15.500000',1,NULL,NULL,NULL,NULL,NULL,NULL);
INSERT INTO "operations" VALUES('op-0000000030',8,'job-0000000005','default','run','{"restore_from":"NONE","snapshot_id":null,"version":null,"allow_non_restored_state":false,"claim_mode":"NO_CLAIM","allow_state_loss":false,"snapshot":null,"force":false,"keep_state":null,"format":"CANONICAL"}','OPERATING','[{"name":"submit","status":"OPERATING","started_at":"2026-01-01T00:00:15.500000+00:00","ended_at":null,"detail":""}]','mei','2026-01-01 00:00:15.500000',1,NULL,NULL,NULL,'2026-01-01 00:00:15.500000',NULL,NULL);
CREATE TABLE snapshots (
	ordinal INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	job_id VARCHAR NOT NULL, 
	instance_id VARCHAR NOT NULL, 
	instance_number INTEGER NOT NULL, 
	job_version INTEGER NOT NULL, 
	kind VARCHAR(32) NOT NULL, 
	origin VARCHAR(32) NOT NULL, 
	status VARCHAR(32) NOT NULL, 
	path TEXT NOT NULL, 
	created_at DATETIME NOT NULL, 
	flink_version VARCHAR NOT NULL, 
	format VARCHAR NOT NULL, 
	path_status VARCHAR(32) NOT NULL, 
	size INTEGER, 
	duration BIGINT, 
	trigger_id VARCHAR, 
	CONSTRAINT pk_snapshots PRIMARY KEY (ordinal), 
	CONSTRAINT uq_snapshots_id UNIQUE (id), 
	CONSTRAINT fk_snapshots_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE, 
	CONSTRAINT ck_snapshots_snapshotkind CHECK (kind IN ('SAVEPOINT', 'CHECKPOINT')), 
	CONSTRAINT ck_snapshots_snapshotstatus CHECK (status IN ('COMPLETED', 'FAILED')), 
	CONSTRAINT ck_snapshots_pathstatus CHECK (path_status IN ('AVAILABLE', 'GONE', 'UNKNOWN'))
);
INSERT INTO "snapshots" VALUES(1,'snap-0000000013','job-0000000003','ins-0000000007',1,1,'SAVEPOINT','USER_REQUEST','COMPLETED','file:///savepoints/job-0000000003/int-0000000011/savepoint-b84c6b-0a5d6baa9455','2026-01-01 00:00:10.500000','2.2.1','CANONICAL','AVAILABLE',1024,1000000,'0000000000000000000000000000000c');
INSERT INTO "snapshots" VALUES(2,'snap-0000000021','job-0000000004','ins-0000000015',1,1,'SAVEPOINT','USER_REQUEST','COMPLETED','file:///savepoints/job-0000000004/int-0000000019/savepoint-ec6cb5-eb1167a9c378','2026-01-01 00:00:13.500000','2.2.1','CANONICAL','AVAILABLE',1024,500000,'00000000000000000000000000000014');
INSERT INTO "snapshots" VALUES(3,'snap-0000000025','job-0000000003','ins-0000000007',1,1,'SAVEPOINT','STOP_WITH_SAVEPOINT','COMPLETED','file:///savepoints/job-0000000003/int-0000000023/savepoint-b84c6b-f7c14da5e709','2026-01-01 00:00:15.000000','2.2.1','CANONICAL','AVAILABLE',1024,1000000,'00000000000000000000000000000018');
CREATE TABLE versions (
	job_id VARCHAR NOT NULL, 
	number INTEGER NOT NULL, 
	description TEXT NOT NULL, 
	spec JSON NOT NULL, 
	created_at DATETIME NOT NULL, 
	created_by VARCHAR NOT NULL, 
	CONSTRAINT pk_versions PRIMARY KEY (job_id, number), 
	CONSTRAINT ck_versions_number CHECK (number >= 1), 
	CONSTRAINT fk_versions_job_id FOREIGN KEY(job_id) REFERENCES jobs (id) ON DELETE CASCADE
);
INSERT INTO "versions" VALUES('job-0000000003',1,'as it is','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','2026-01-01 00:00:02.000000','mei');
INSERT INTO "versions" VALUES('job-0000000004',1,'as it is','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','2026-01-01 00:00:04.000000','mei');
INSERT INTO "versions" VALUES('job-0000000005',1,'as it is','{"type":"SQL","sql":"CREATE TABLE a (x INT) WITH (''connector''=''datagen''); INSERT INTO b SELECT x FROM a;","cluster":"local","parallelism":1,"restore":{"strategy":"LATEST"}}','2026-01-01 00:00:06.000000','mei');
CREATE TABLE withdrawals (
	operation_id VARCHAR NOT NULL, 
	actor VARCHAR NOT NULL, 
	at DATETIME NOT NULL, 
	CONSTRAINT pk_withdrawals PRIMARY KEY (operation_id), 
	CONSTRAINT fk_withdrawals_operation_id FOREIGN KEY(operation_id) REFERENCES operations (id) ON DELETE CASCADE
);
INSERT INTO "withdrawals" VALUES('op-0000000029','mei','2026-01-01 00:00:15.500000');
CREATE INDEX ix_answers_at ON answers (at);
CREATE INDEX ix_artifacts_workspace_name ON artifacts (workspace, name);
CREATE INDEX ix_events_job_id_number ON events (job_id, number);
CREATE INDEX ix_events_workspace_number ON events (workspace, number);
CREATE INDEX ix_instances_live_cluster_id ON instances (cluster_id) WHERE "end" IS NULL;
CREATE UNIQUE INDEX uq_instances_live ON instances (job_id) WHERE "end" IS NULL;
CREATE INDEX ix_operations_job_id_number ON operations (job_id, number);
CREATE INDEX ix_operations_open ON operations (job_id) WHERE ended_at IS NULL;
CREATE INDEX ix_operations_workspace_number ON operations (workspace, number);
CREATE INDEX ix_snapshots_job_id_created_at ON snapshots (job_id, created_at);
CREATE INDEX ix_snapshots_job_id_path ON snapshots (job_id, path);
CREATE INDEX ix_intents_instance_id ON intents (instance_id);
CREATE INDEX ix_intents_job_id_ordinal ON intents (job_id, ordinal);
CREATE UNIQUE INDEX uq_intents_open ON intents (job_id, lane) WHERE closed_at IS NULL;
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('events',35);
COMMIT;
