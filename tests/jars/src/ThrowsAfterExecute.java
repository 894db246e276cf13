import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A main method that submits a job and fails afterwards: the caller is refused and the job lives. */
public class ThrowsAfterExecute {
    public static void main(String[] args) throws Exception {
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.fromSequence(1, Long.MAX_VALUE).sinkTo(new DiscardingSink<>());
        env.executeAsync();
        throw new IllegalArgumentException("on purpose: main fails after execute");
    }
}
