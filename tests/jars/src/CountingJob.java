import java.util.HashMap;
import java.util.Map;
import org.apache.flink.api.common.functions.OpenContext;
import org.apache.flink.api.common.functions.RichMapFunction;
import org.apache.flink.api.common.state.ValueState;
import org.apache.flink.api.common.state.ValueStateDescriptor;
import org.apache.flink.runtime.state.FunctionInitializationContext;
import org.apache.flink.runtime.state.FunctionSnapshotContext;
import org.apache.flink.streaming.api.checkpoint.CheckpointedFunction;
import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/**
 * A job that counts for ever and keeps the count. Options, each as `--name value`: `uid` of the
 * counting operator, `type` of its state (long or text), `snapshot-ms` that a snapshot takes,
 * `then` what happens: `fail` after some records, `fail-on-close` when the task ends.
 */
public class CountingJob {
    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i].substring(2), args[i + 1]);
        }
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.fromSequence(1, Long.MAX_VALUE)
                .uid("numbers")
                .map(CountingJob::slowly)
                .keyBy(number -> number % 4)
                .map(new Count(options))
                .uid(options.getOrDefault("uid", "count"))
                .sinkTo(new DiscardingSink<>())
                .uid("sink");
        env.execute();
    }

    /** Waits before the network: records that queue in its buffers would delay every barrier. */
    private static Long slowly(Long number) throws InterruptedException {
        Thread.sleep(5);
        return number;
    }

    private static class Count extends RichMapFunction<Long, String> implements CheckpointedFunction {
        private final boolean isText;
        private final long snapshotMs;
        private final String then;
        private transient ValueState<Long> number;
        private transient ValueState<String> text;
        private transient long seen;

        Count(Map<String, String> options) {
            isText = "text".equals(options.get("type"));
            snapshotMs = Long.parseLong(options.getOrDefault("snapshot-ms", "0"));
            then = options.getOrDefault("then", "");
        }

        @Override
        public void open(OpenContext context) {
            if (isText) {
                text = getRuntimeContext().getState(new ValueStateDescriptor<>("count", String.class));
            } else {
                number = getRuntimeContext().getState(new ValueStateDescriptor<>("count", Long.class));
            }
        }

        @Override
        public String map(Long value) throws Exception {
            if (++seen > 20 && "fail".equals(then)) {
                throw new IllegalStateException("on purpose: the job fails by itself");
            }
            if (isText) {
                String before = text.value();
                text.update(before == null ? "1" : String.valueOf(Long.parseLong(before) + 1));
                return text.value();
            }
            Long before = number.value();
            number.update(before == null ? 1L : before + 1);
            return String.valueOf(number.value());
        }

        @Override
        public void close() {
            if ("fail-on-close".equals(then)) {
                throw new IllegalStateException("on purpose: the task fails while it ends");
            }
        }

        @Override
        public void snapshotState(FunctionSnapshotContext context) throws Exception {
            Thread.sleep(snapshotMs);
        }

        @Override
        public void initializeState(FunctionInitializationContext context) {}
    }
}
