import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * Counts 1, 2, 3 ... for ever, keeps the count as state and writes down what happens to it: a witness that
 * belongs to nobody. Options: `--ledger` the file, `--snapshot-ms` how long a snapshot takes.
 *
 * Lines are `WORD FLINK-JOB-ID EPOCH-MILLIS COUNT`: open (with what was restored), count (every 100 ms),
 * snapshot, and wrong where the count is not the number that was read.
 */
public class LedgerJob {
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i].substring(2), args[i + 1]);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.setParallelism(1);
        env.fromSequence(1, Long.MAX_VALUE)
                .uid("numbers")
                .map(new Count(options.get("ledger"), Long.parseLong(options.getOrDefault("snapshot-ms", "0"))))
                .uid("count")
                .sinkTo(new DiscardingSink<>())
                .uid("sink");
        env.execute();
    }

    private static class Count extends RichMapFunction<Long, Long> implements CheckpointedFunction {
        private final String ledger;
        private final long snapshotMs;
        private transient ListState<Long> kept;
        private transient long count;
        private transient long toldAt;

        Count(String ledger, long snapshotMs) {
            this.ledger = ledger;
            this.snapshotMs = snapshotMs;
        }

        @Override
        public void initializeState(FunctionInitializationContext context) throws Exception {
            kept = context.getOperatorStateStore().getListState(new ListStateDescriptor<>("count", Long.class));
            for (Long restored : kept.get()) {
                count = restored;
            }
        }

        @Override
        public void open(OpenContext context) throws Exception {
            tell("open");
        }

        @Override
        public Long map(Long number) throws Exception {
            Thread.sleep(5);
            count++;
            if (count != number) {
                tell("wrong");
            }
            if (System.currentTimeMillis() - toldAt >= 100) {
                toldAt = System.currentTimeMillis();
                tell("count");
            }
            return number;
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            Thread.sleep(snapshotMs);
            kept.update(List.of(count));
            tell("snapshot");
        }

        private void tell(String word) throws IOException {
            String job = getRuntimeContext().getJobInfo().getJobId().toHexString();
            String line = word + " " + job + " " + System.currentTimeMillis() + " " + count + "\n";
            try (FileOutputStream file = new FileOutputStream(ledger, true)) {
                file.write(line.getBytes(StandardCharsets.UTF_8));
            }
        }
    }
}
