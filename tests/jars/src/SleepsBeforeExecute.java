import org.apache.flink.streaming.api.environment.StreamExecutionEnvironment;
import org.apache.flink.streaming.api.functions.sink.v2.DiscardingSink;

/** A main method that takes long: whoever waits for it may give up before the job appears. */
public class SleepsBeforeExecute {
    public static void main(String[] args) throws Exception {
        Thread.sleep(Long.parseLong(args[0]));
        StreamExecutionEnvironment env = StreamExecutionEnvironment.getExecutionEnvironment();
        env.fromSequence(1, Long.MAX_VALUE).sinkTo(new DiscardingSink<>());
        env.execute();
    }
}
